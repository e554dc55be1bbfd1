"""The chunks of Mosquitto's database, as its src/persist.h and src/persist_write_v5.c (2.1.2) define them.

The file has no checksum: the field for it is always 0. Each chunk has a kind, a length, and a part of fixed size with
the lengths of the strings behind it, so that the lengths contradict each other if bytes are missing or overwritten.
"""

import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from edge_broker_agent.database.bodies import READERS, Kind
from edge_broker_agent.database.damage import DamagedError

MAGIC = b"\x00\xb5\x00mosquitto db"
HEADER = struct.Struct("> 15s I I")
"""Magic, checksum (unused), version."""

VERSION_NUMBERS = (5, 6)
"""Written by Mosquitto 1.6 and by 2.0 or later."""

_HEAD = struct.Struct("> 4s I")


class Chunk(NamedTuple):
    """One chunk. Not a dataclass: there may be millions, and it is made in a third of the time.

    Attributes:
        kind: its kind.
        start: its position in bytes.
        end: position behind it in bytes.
        message_id: id of the message that it is or refers to; 0 if none.
        client: client id of its session; empty if none.
        topic: filter of a subscription; else empty.
    """

    kind: Kind
    start: int
    end: int
    message_id: int = 0
    client: bytes = b""
    topic: bytes = b""


def read_header(file: BinaryIO) -> int:
    """Return the version of the format.

    Raises:
        DamagedError: Mosquitto does not accept the header.
    """
    header = file.read(HEADER.size)
    if not header:
        raise DamagedError("the file is empty")
    if len(header) < HEADER.size:
        raise DamagedError("the file ends within its header")
    magic, _, version = HEADER.unpack(header)
    if magic != MAGIC:
        raise DamagedError("the file does not begin as a database of Mosquitto")
    if version not in VERSION_NUMBERS:
        raise DamagedError(f"the format has the version {version}; 5 and 6 are supported")
    return int(version)


def read_chunks(file: BinaryIO, size: int, version_number: int) -> Iterator[Chunk]:
    """Yield the chunks behind the header; needs memory for one chunk, payload excluded.

    Args:
        file: positioned behind the header.
        size: size of the file in bytes.
        version_number: of the format.

    Raises:
        DamagedError: a chunk is damaged; the intact part ends before it.
    """
    position = HEADER.size
    while position < size:
        try:
            chunk = _read_chunk(file, position, size, version_number)
        except DamagedError as error:
            raise DamagedError(f"{error.message}, at byte {position} of {size}", position) from None
        yield chunk
        position = chunk.end


def _read_chunk(file: BinaryIO, position: int, size: int, version_number: int) -> Chunk:
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        raise DamagedError("the file ends within the head of a chunk")
    code, length = _HEAD.unpack(head)
    reader = READERS.get(code)
    if reader is None:
        raise DamagedError(f"a chunk of the unknown kind {code.hex()}")
    end = position + _HEAD.size + length
    if end > size:
        raise DamagedError("the file ends within a chunk")
    kind, read = reader
    message_id, client, topic = read(file, length, version_number)
    return Chunk(kind, position, end, message_id, client, topic)
