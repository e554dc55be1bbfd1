"""Frames in a stream of bytes: magic number, version, kind, length of the body, number of the request."""

import struct
from enum import IntEnum, auto
from typing import NamedTuple

_MAGIC = 0xEDF1
_VERSION = 1
MAX_FRAME_BYTES = 5 * 1024 * 1024
"""Largest frame, with its head: one packet of the largest size that the ingester accepts from the broker fits."""

HEAD = struct.Struct("<HBBII")
"""Magic number, version, kind, bytes of the body, number of the request."""


class FrameError(ValueError):
    """The bytes are not a frame of this interface, or a frame would be too large; the connection cannot be used."""


class Kind(IntEnum):
    """What a frame is. Both programs must have the same order; a new kind is added at the end."""

    REQUEST = auto()
    ANSWER = auto()
    NOTIFICATION = auto()


class Frame(NamedTuple):
    """A frame.

    Attributes:
        kind: what it is.
        number: of the request that it is or answers; 0 for a notification.
        body: the bytes after the head.
    """

    kind: Kind
    number: int
    body: bytes


class FrameBuffer:
    """Splits a stream into frames; holds at most the bytes of one frame and of one read.

    Args:
        kinds: that the other side may send.
    """

    def __init__(self, *kinds: Kind) -> None:
        self._kinds = {int(kind): kind for kind in kinds}
        self._buffer = bytearray()

    @property
    def is_empty(self) -> bool:
        """Whether no part of a frame is waiting for the rest."""
        return not self._buffer

    def feed(self, data: bytes) -> list[Frame]:
        """Return the frames that `data` completes.

        Raises:
            FrameError: the stream is not usable any more.
        """
        buffer = self._buffer
        buffer += data
        frames: list[Frame] = []
        begin = 0
        while len(buffer) - begin >= HEAD.size:
            kind, size, number = self._head(buffer, begin)
            end = begin + HEAD.size + size
            if len(buffer) < end:
                break
            frames.append(Frame(kind, number, bytes(memoryview(buffer)[begin + HEAD.size : end])))
            begin = end
        if begin:
            del buffer[:begin]
        return frames

    def _head(self, buffer: bytearray, begin: int) -> tuple[Kind, int, int]:
        magic, version, number_of_kind, size, number = HEAD.unpack_from(buffer, begin)
        if magic != _MAGIC:
            raise FrameError(f"not a frame: it begins with {bytes(buffer[begin : begin + 4])!r}")
        if version != _VERSION:
            raise FrameError(f"a frame of version {version}, this release has version {_VERSION}: update both programs")
        kind = self._kinds.get(number_of_kind)
        if kind is None:
            raise FrameError(f"a frame of kind {number_of_kind} is not expected here")
        if size > MAX_FRAME_BYTES - HEAD.size:
            raise FrameError(f"a frame of {size} bytes: the limit is {MAX_FRAME_BYTES}: send fewer messages")
        return kind, size, number


def framed(kind: Kind, number: int, *parts: bytes) -> bytes:
    """Return a frame with `parts` as its body.

    Args:
        kind: what it is.
        number: of the request, 32 bits.
        parts: of the body.

    Raises:
        FrameError: it would be too large.
    """
    size = sum(map(len, parts))
    if size > MAX_FRAME_BYTES - HEAD.size:
        raise FrameError(f"a frame of {size} bytes: the limit is {MAX_FRAME_BYTES}: send fewer messages")
    return b"".join((HEAD.pack(_MAGIC, _VERSION, kind, size, number), *parts))


def pack_sizes(sizes: list[int]) -> bytes:
    """Return `sizes`, lengths in bytes or indexes, as 32-bit unsigned integers.

    Raises:
        struct.error: one does not fit.
    """
    return struct.pack(f"<{len(sizes)}I", *sizes)


def unpack_sizes(body: bytes, count: int, begin: int) -> tuple[int, ...]:
    """Return `count` 32-bit unsigned integers from the offset `begin` on.

    Raises:
        struct.error: there are not so many.
    """
    return struct.unpack_from(f"<{count}I", body, begin)
