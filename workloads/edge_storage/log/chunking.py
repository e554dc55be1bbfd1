"""Turns lines of many devices into the content of a segment."""

from dataclasses import dataclass, field

from edge_storage.log.line import device_id_of, received_at_of, timestamp_of
from edge_storage.log.segment import MAGIC, encode_chunk
from edge_storage.timestamps import to_milliseconds
from edge_wire.messages.timestamps import parse_timestamp

CHUNK_READINGS = 4096
"""A device with more readings in a segment has several chunks: to read the newest 100 must not need all of them."""

CHUNK_BYTES = 1024 * 1024
"""Lines of a chunk together, unless one alone is larger."""


@dataclass(slots=True)
class _Open:
    first_offset: int
    last_offset: int = 0
    size: int = 0
    lines: list[bytes] = field(default_factory=list)


class SegmentContent:
    """Collects lines in the order of their offsets. A chunk is encoded as soon as it is full."""

    def __init__(self) -> None:
        self._open: dict[bytes, _Open] = {}
        self._parts: list[bytes] = [MAGIC]

    def add(self, first_offset: int, lines: list[bytes]) -> None:
        """Add `lines`, with consecutive offsets from `first_offset`.

        Raises:
            ValueError: a line has no device id.
        """
        chunks = self._open
        for offset, line in enumerate(lines, first_offset):
            name = device_id_of(line)
            chunk = chunks.get(name)
            if chunk is None:
                chunk = chunks[name] = _Open(offset)
            chunk.lines.append(line)
            chunk.size += len(line)
            chunk.last_offset = offset
            if len(chunk.lines) >= CHUNK_READINGS or chunk.size >= CHUNK_BYTES:
                self._close(name)

    def finish(self) -> bytes:
        """Encode the last chunks and return the content of the file."""
        for name in list(self._open):
            self._close(name)
        return b"".join(self._parts)

    def _close(self, name: bytes) -> None:
        chunk = self._open.pop(name)
        self._parts.append(
            encode_chunk(
                name.decode(),
                chunk.lines,
                (chunk.first_offset, chunk.last_offset),
                _range([received_at_of(line) for line in chunk.lines]),
                _range([timestamp_of(line) for line in chunk.lines]),
            )
        )


def milliseconds_of(text: bytes) -> int:
    """Return the milliseconds since 1970 of a time as in a line; 0 if it is not a time."""
    moment = parse_timestamp(text.decode(errors="replace"))
    return 0 if moment is None else to_milliseconds(moment)


def _range(texts: list[bytes]) -> tuple[int, int]:
    return milliseconds_of(min(texts)), milliseconds_of(max(texts))
