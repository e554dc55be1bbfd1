"""The format of segment files: sealed readings, one compressed chunk for each device.

A file describes itself, so that the index in the database can be built again from the files. It is written once and
never changed:

    MAGIC, then for each chunk: HEADER, the device id, the compressed lines (zlib, joined by line breaks)

The checksum of a chunk (CRC-32, as in zlib) is over the header's remaining fields, the device id and the data.
"""

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MAGIC = b"EDGESEG1"

_CHECKSUM = struct.Struct("<I")
_FIELDS = struct.Struct("<IHIQQqqqq")
HEADER_BYTES = _CHECKSUM.size + _FIELDS.size
_LEVEL = 1
"""Of zlib: higher levels take three times as long for a tenth fewer bytes."""


class DamagedChunkError(Exception):
    """A chunk does not match its checksum, or the file ends within it; the message has the position."""


@dataclass(frozen=True, slots=True)
class ChunkInfo:
    """What the index has of a chunk. Ranges include both ends.

    Attributes:
        device_id: of all its readings.
        position: of the header, in bytes from the start of the file.
        length: of header, device id and data, in bytes.
        count: number of readings.
        first_offset: the smallest.
        last_offset: the largest.
        received_from: earliest `received_at`, in milliseconds since 1970.
        received_to: latest `received_at`, in milliseconds since 1970.
        measured_from: earliest `timestamp`, in milliseconds since 1970.
        measured_to: latest `timestamp`, in milliseconds since 1970.
    """

    device_id: str
    position: int
    length: int
    count: int
    first_offset: int
    last_offset: int
    received_from: int
    received_to: int
    measured_from: int
    measured_to: int


def encode_chunk(
    device_id: str,
    lines: Sequence[bytes],
    offsets: tuple[int, int],
    received: tuple[int, int],
    measured: tuple[int, int],
) -> bytes:
    """Return a chunk.

    Args:
        device_id: of all `lines`.
        lines: in the order of their offsets; one or more.
        offsets: the smallest and the largest, of readings.
        received: earliest and latest `received_at`, in milliseconds since 1970.
        measured: earliest and latest `timestamp`, in milliseconds since 1970.
    """
    data = zlib.compress(b"\n".join(lines), _LEVEL)
    name = device_id.encode()
    fields = _FIELDS.pack(len(data), len(name), len(lines), *offsets, *received, *measured)
    rest = fields + name + data
    return _CHECKSUM.pack(zlib.crc32(rest)) + rest


def decode_chunk(chunk: bytes) -> list[bytes]:
    """Return the lines of a chunk.

    Raises:
        DamagedChunkError: its content does not match the checksum.
    """
    info = _info(chunk, 0)
    rest = memoryview(chunk)[_CHECKSUM.size :]
    if info.length != len(chunk) or zlib.crc32(rest) != _CHECKSUM.unpack_from(chunk)[0]:
        raise DamagedChunkError(f"a chunk of {len(chunk)} bytes does not match its checksum")
    return zlib.decompress(rest[_FIELDS.size + len(info.device_id.encode()) :]).split(b"\n")


def chunks_of(content: bytes) -> Iterator[ChunkInfo]:
    """Return what the index needs of each chunk in the content of a file.

    Raises:
        DamagedChunkError: the file is of another format, is truncated, or a chunk does not match its checksum; all
            chunks before are returned.
    """
    if content[: len(MAGIC)] != MAGIC:
        raise DamagedChunkError("the file does not begin as a segment")
    position = len(MAGIC)
    while position < len(content):
        info = _info(content, position)
        rest = memoryview(content)[position + _CHECKSUM.size : position + info.length]
        if zlib.crc32(rest) != _CHECKSUM.unpack_from(content, position)[0]:
            raise DamagedChunkError(f"the chunk at byte {position} does not match its checksum")
        yield info
        position += info.length


def _info(content: bytes, position: int) -> ChunkInfo:
    if position + HEADER_BYTES > len(content):
        raise DamagedChunkError(f"the file ends within the chunk at byte {position}")
    data, name, count, first_offset, last_offset, *times = _FIELDS.unpack_from(content, position + _CHECKSUM.size)
    length = HEADER_BYTES + name + data
    if position + length > len(content):
        raise DamagedChunkError(f"the file ends within the chunk at byte {position}")
    begin = position + HEADER_BYTES
    try:
        device_id = content[begin : begin + name].decode()
    except UnicodeDecodeError:
        raise DamagedChunkError(f"the chunk at byte {position} has no device id") from None
    return ChunkInfo(device_id, position, length, count, first_offset, last_offset, *times)
