"""What retention reads and writes beside the segments."""

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from edge_storage.database.connections import FILES
from edge_storage.log.chunking import milliseconds_of
from edge_storage.log.line import received_at_of
from edge_storage.log.retention_plan import Drop, DroppedReadings
from edge_storage.log.segment_files import disk_bytes
from edge_storage.log.segment_index import Segment
from edge_storage.log.tail import batches
from edge_wire.messages import MalformedError
from edge_wire.store import Cursor

_BLOCK_BYTES = 4096
"""Files occupy a multiple of it on the usual file systems."""

_DROPPED = "dropped"


class DropObserver(Protocol):
    """Observes what retention drops."""

    def dropped(self, readings: int, *, is_forwarded: bool) -> None:
        """Record the drop of a number of `readings`; whether every sink had received them."""

    def deleted(self, table: str, rows: int) -> None:
        """Record that a number of `rows` of a table was deleted."""

    def dropped_alerts(self, alerts: int) -> None:
        """Record the drop of a number of `alerts` that a sink had not received."""


def disk_bytes_of(directory: Path) -> int:
    """Return the bytes that the files in the store's directory occupy on the disk, as `du` counts them."""
    return sum(disk_bytes(path) for path in directory.rglob("*"))


def estimated_bytes(directory: Path, indexed: Iterable[Segment]) -> int:
    """Return the bytes that the database and the indexed segments occupy; cheaper than `disk_bytes_of`.

    Args:
        directory: of the store.
        indexed: all segments.
    """
    sealed = sum(-(-each.bytes // _BLOCK_BYTES) for each in indexed) * _BLOCK_BYTES
    return sealed + sum(disk_bytes(directory / name) for name in FILES)


def oldest_offset(connection: sqlite3.Connection) -> int:
    """Return the offset of the oldest stored reading; of the next one if there is none."""
    row = connection.execute("SELECT min(first_offset) FROM segment").fetchone()
    if row[0] is not None:
        return int(row[0])
    row = connection.execute("SELECT last_offset - count + 1 FROM batch ORDER BY last_offset LIMIT 1").fetchone()
    if row is not None:
        return int(row[0])
    row = connection.execute("SELECT value FROM setting WHERE name = 'newest_offset'").fetchone()
    return int(row[0]) + 1


def oldest_batch(connection: sqlite3.Connection) -> Segment | None:
    """Return the oldest batch of the tail, described as a segment; None if the tail is empty."""
    batch = next(batches(connection), None)
    if batch is None:
        return None
    received = [received_at_of(line) for line in batch.lines()]
    return Segment(
        batch.last_offset,
        batch.first_offset,
        len(received),
        len(batch.body),
        milliseconds_of(min(received)),
        milliseconds_of(max(received)),
    )


def is_oldest_batch(connection: sqlite3.Connection, batch: Segment) -> bool:
    """Whether `batch`, as `oldest_batch` returned it, still is the oldest batch of the tail, with the same readings."""
    row = connection.execute("SELECT last_offset, count FROM batch ORDER BY last_offset LIMIT 1").fetchone()
    return bool(row == (batch.last_offset, batch.count))


def sinks_of(connection: sqlite3.Connection) -> list[Cursor]:
    """Return the cursor of each sink that has one; of an unreadable one nothing counts as delivered."""
    return [_cursor(body) for (body,) in connection.execute("SELECT body FROM cursor")]


def record_drop(connection: sqlite3.Connection, drop: Drop, now: int) -> None:
    """Add a drop to the record, in the caller's transaction.

    Args:
        connection: of the writer.
        drop: what is dropped.
        now: the time, in milliseconds since 1970.
    """
    row = connection.execute("SELECT value FROM setting WHERE name = ?", (_DROPPED,)).fetchone()
    dropped = DroppedReadings() if row is None else DroppedReadings.parse(row[0])
    connection.execute(
        "INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (_DROPPED, dropped.add(drop, now).encode()),
    )


def _cursor(body: str) -> Cursor:
    try:
        return Cursor.parse(body.encode())
    except MalformedError:
        return Cursor()
