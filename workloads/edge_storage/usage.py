"""What the store uses of its disk."""

import os
import sqlite3
from pathlib import Path
from typing import Any

import orjson

from edge_storage.database.connections import FILES
from edge_storage.database.set_aside import notes_of
from edge_storage.log.chunking import milliseconds_of
from edge_storage.log.line import received_at_of
from edge_storage.log.reader import snapshot
from edge_storage.log.segment_files import SegmentFiles, disk_bytes
from edge_storage.log.tail import batches, newest_offset
from edge_storage.timestamps import from_milliseconds
from edge_wire.messages import format_timestamp


def used_bytes(directory: Path, files: SegmentFiles) -> int:
    """Return the bytes that the database, its journal and the segments occupy on the disk, as `du` counts them."""
    return sum(disk_bytes(directory / name) for name in FILES) + files.disk_bytes()


def usage(connection: sqlite3.Connection, directory: Path, files: SegmentFiles) -> dict[str, Any]:
    """Return the body of `GET /v1/storage`.

    Args:
        connection: of a reader.
        directory: of the store.
        files: the directory of the segments.
    """
    disk = os.statvfs(directory)
    with snapshot(connection):
        (segments,) = connection.execute("SELECT count(*) FROM segment").fetchone()
        newest = newest_offset(connection)
        oldest = _oldest_received_at(connection)
        notes = notes_of(connection)
        dropped = connection.execute("SELECT value FROM setting WHERE name = 'dropped'").fetchone()
    return {
        "bytes": used_bytes(directory, files),
        "capacity": disk.f_blocks * disk.f_frsize,
        "oldest_received_at": None if oldest is None else format_timestamp(from_milliseconds(oldest)),
        "newest_offset": newest,
        "segments": segments,
        "set_aside": [each for each in notes if _exists(directory, each["file"])],
        "dropped": orjson.loads(dropped[0]) if dropped else {"forwarded": 0, "unforwarded": 0},
    }


def _oldest_received_at(connection: sqlite3.Connection) -> int | None:
    row = connection.execute("SELECT received_from FROM segment ORDER BY last_offset LIMIT 1").fetchone()
    if row is not None:
        return int(row[0])
    first = next(batches(connection), None)
    return None if first is None else milliseconds_of(received_at_of(first.lines()[0]))


def _exists(directory: Path, name: str) -> bool:
    return (directory / name).exists() or (directory / "segments" / name).exists()
