"""The records that `recorder.c` writes; pure."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

HEAD = struct.Struct("<BHQI")


class Record(NamedTuple):
    """One operation.

    Attributes:
        kind: one of the letters of recorder.c.
        path: of the file or directory.
        at: position of what is written, or the new size; in bytes.
        data: what is written, or the new path.
    """

    kind: str
    path: str
    at: int
    data: bytes


def encode(record: Record) -> bytes:
    """Return a record as `recorder.c` writes it."""
    path = record.path.encode()
    return HEAD.pack(ord(record.kind), len(path), record.at, len(record.data)) + path + record.data


def records(journal: bytes) -> Iterator[Record]:
    """Yield the records of a journal; the last one may be incomplete, as its program was killed."""
    position = 0
    while position + HEAD.size <= len(journal):
        kind, path_bytes, at, data_bytes = HEAD.unpack_from(journal, position)
        start = position + HEAD.size
        stop = start + path_bytes + data_bytes
        if stop > len(journal):
            return
        data = journal[start + path_bytes : stop]
        yield Record(chr(kind), journal[start : start + path_bytes].decode(), at, data)
        position = stop
