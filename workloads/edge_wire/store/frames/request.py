"""A request: messages of devices to store in one transaction."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from edge_wire.store.frames.stream import FrameError, Kind, framed, pack_sizes, unpack_sizes

MAX_MESSAGES = 10_000
MAX_ID_CHARACTERS = 64

_HAS_TOKEN = 1
_HAS_QUEUED = 2
_FIXED = struct.Struct("<HHIIqq")
"""Flags, bytes of the location, number of messages, bytes of all ids, token, received_at."""

_QUEUED = struct.Struct("<q")
"""queued_ms, after the fixed part; only with its flag."""

_ID_BYTES = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
_MILLISECONDS_OF_YEAR_10000 = 253_402_300_800_000


@dataclass(frozen=True, slots=True)
class CommitRequest:
    """Messages to store in one transaction.

    Attributes:
        token: of the ingester's lease; None for messages that did not come by MQTT.
        location: of the site, for readings that name none.
        received_at: when the messages arrived on site, in milliseconds since 1970.
        queued_ms: milliseconds that the messages waited in the broker's queue before; 0 if that is short or unknown.
        messages: device id and payload of each, in the order of their arrival.
    """

    token: int | None
    location: str
    received_at: int
    messages: Sequence[tuple[str, bytes]]
    queued_ms: int = 0


def encode_request(number: int, request: CommitRequest) -> bytes:
    """Return the frame of `request`.

    Args:
        number: of the request; its answer has the same.
        request: to encode.

    Raises:
        FrameError: it is too large, or has a value that does not fit.
    """
    messages = request.messages
    location = request.location.encode()
    flags = (request.token is not None) * _HAS_TOKEN | (request.queued_ms > 0) * _HAS_QUEUED
    try:
        names = "".join([name for name, _ in messages]).encode("ascii")
        sizes = (len(location), len(messages), len(names))
        fixed = _FIXED.pack(flags, *sizes, request.token or 0, request.received_at)
        fixed += _QUEUED.pack(request.queued_ms) if request.queued_ms > 0 else b""
        name_sizes = bytes([len(name) for name, _ in messages])
        payload_sizes = pack_sizes([len(payload) for _, payload in messages])
    except (struct.error, ValueError) as error:
        raise FrameError(f"a request that cannot be encoded: {error}") from None
    payloads = [payload for _, payload in messages]
    return framed(Kind.REQUEST, number, fixed, location, name_sizes, payload_sizes, names, *payloads)


def decode_request(body: bytes) -> CommitRequest:
    """Return the request in the body of a frame.

    Raises:
        FrameError: it is not a request; the message names the field.
    """
    try:
        flags, location_size, count, names_size, token, received_at = _FIXED.unpack_from(body)
        if flags & ~(_HAS_TOKEN | _HAS_QUEUED):
            raise FrameError(f"a request with the unknown flags {flags:#06x}: update the store")
        if count > MAX_MESSAGES:
            raise FrameError(f"a request with {count} messages: the limit is {MAX_MESSAGES}")
        if not 0 <= received_at < _MILLISECONDS_OF_YEAR_10000:
            raise FrameError(f"a request with received_at {received_at}: it must be milliseconds since 1970")
        location_at = _FIXED.size + (_QUEUED.size if flags & _HAS_QUEUED else 0)
        queued_ms = _QUEUED.unpack_from(body, _FIXED.size)[0] if flags & _HAS_QUEUED else 0
        if not 0 <= queued_ms < _MILLISECONDS_OF_YEAR_10000:
            raise FrameError(f"a request with queued_ms {queued_ms}: it must be 0 or more milliseconds")
        names_at = location_at + location_size
        sizes_at = names_at + count
        payload_sizes = unpack_sizes(body, count, sizes_at)
        location = body[location_at:names_at].decode()
    except (struct.error, UnicodeDecodeError) as error:
        raise FrameError(f"a request that is not complete or not UTF-8: {error}") from None
    payloads_at = sizes_at + 4 * count + names_size
    payloads_end = payloads_at + sum(payload_sizes)
    if payloads_end != len(body):
        raise FrameError(f"a request of {len(body)} bytes: its parts have {payloads_end}")
    names = _names(body[sizes_at + 4 * count : payloads_at], body[names_at:sizes_at])
    ends = accumulate(payload_sizes, initial=payloads_at)
    begin = next(ends)
    messages = []
    for name, end in zip(names, ends, strict=True):
        messages.append((name, body[begin:end]))
        begin = end
    return CommitRequest(token if flags & _HAS_TOKEN else None, location, received_at, messages, queued_ms)


def _names(joined: bytes, sizes: bytes) -> list[str]:
    """Return the device ids, each with a size from 1 to 64."""
    if sum(sizes) != len(joined) or (sizes and not 1 <= min(sizes) <= max(sizes) <= MAX_ID_CHARACTERS):
        raise FrameError(f"a request with a device id that does not have 1 to {MAX_ID_CHARACTERS} characters")
    if joined.translate(None, _ID_BYTES):
        raise FrameError("a request with a device id that has other characters than letters, digits, '.', '_' and '-'")
    text = joined.decode("ascii")
    names = []
    begin = 0
    for size in sizes:
        names.append(text[begin : begin + size])
        begin += size
    return names
