"""The index of the segments: the tables `segment` and `chunk`."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edge_storage.log.devices import number_of
from edge_storage.log.segment import ChunkInfo

_ADD_CHUNK = "INSERT INTO chunk VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_CHUNK = (
    "SELECT segment, position, length, count, first_offset, last_offset,"
    " received_from, received_to, measured_from, measured_to FROM chunk"
)
_OF_DEVICE = "device = (SELECT number FROM device WHERE name = ?)"
_BEFORE = f"{_CHUNK} WHERE {_OF_DEVICE} AND first_offset < ? ORDER BY last_offset DESC"
_MEASURED = f"{_CHUNK} WHERE {_OF_DEVICE} AND measured_to >= ? AND measured_from <= ? ORDER BY last_offset"
_IN_SEGMENT = """
device IN (SELECT number FROM device)
AND last_offset BETWEEN (SELECT first_offset FROM segment WHERE last_offset = ?1) AND ?1
"""
"""By device, because the table has no index on the segment."""

_OF_SEGMENT = f"{_CHUNK} WHERE {_IN_SEGMENT}"
_DELETE = f"DELETE FROM chunk WHERE {_IN_SEGMENT}"  # noqa: S608 - a constant


@dataclass(frozen=True, slots=True)
class Segment:
    """A row of the table `segment`. Ranges include both ends.

    Attributes:
        last_offset: the largest offset, which is also its key.
        first_offset: the smallest offset.
        count: number of readings.
        bytes: size of the file.
        received_from: earliest `received_at`, in milliseconds since 1970.
        received_to: latest `received_at`, in milliseconds since 1970.
    """

    last_offset: int
    first_offset: int
    count: int
    bytes: int
    received_from: int
    received_to: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """A row of the table `chunk`. Ranges include both ends.

    Attributes:
        segment: key of its segment: the number of the last reading there.
        position: of its first byte in the file, in bytes.
        length: size in bytes.
        count: number of readings.
        first_offset: the smallest.
        last_offset: the largest.
        received_from: earliest `received_at`, in milliseconds since 1970.
        received_to: latest `received_at`, in milliseconds since 1970.
        measured_from: earliest `timestamp`, in milliseconds since 1970.
        measured_to: latest `timestamp`, in milliseconds since 1970.
    """

    segment: int
    position: int
    length: int
    count: int
    first_offset: int
    last_offset: int
    received_from: int
    received_to: int
    measured_from: int
    measured_to: int


def add_segment(connection: sqlite3.Connection, last_offset: int, infos: Sequence[ChunkInfo], size_bytes: int) -> None:
    """Add a segment with its chunks (one or more).

    Args:
        connection: in a transaction.
        last_offset: the key of the segment.
        infos: of all its chunks.
        size_bytes: size of the file.
    """
    connection.execute(
        "INSERT INTO segment VALUES (?, ?, ?, ?, ?, ?)",
        (
            last_offset,
            min(info.first_offset for info in infos),
            sum(info.count for info in infos),
            size_bytes,
            min(info.received_from for info in infos),
            max(info.received_to for info in infos),
        ),
    )
    numbers = {name: number_of(connection, name) for name in {info.device_id for info in infos}}
    connection.executemany(_ADD_CHUNK, [_row(last_offset, numbers[info.device_id], info) for info in infos])


def remove_segment(connection: sqlite3.Connection, last_offset: int) -> None:
    """Remove a segment and its chunks from the index. The file must be deleted after the commit.

    Args:
        connection: in a transaction.
        last_offset: the key of the segment.
    """
    connection.execute(_DELETE, (last_offset,))
    connection.execute("DELETE FROM segment WHERE last_offset = ?", (last_offset,))


def segments(connection: sqlite3.Connection) -> list[Segment]:
    """Return all segments, in the order of their offsets."""
    return [Segment(*row) for row in connection.execute("SELECT * FROM segment ORDER BY last_offset")]


def has_segment(connection: sqlite3.Connection, last_offset: int) -> bool:
    """Whether the index has the segment."""
    row = connection.execute("SELECT 1 FROM segment WHERE last_offset = ?", (last_offset,)).fetchone()
    return row is not None


def first_segment_after(connection: sqlite3.Connection, offset: int) -> Segment | None:
    """Return the first segment with readings after `offset`."""
    row = connection.execute(
        "SELECT * FROM segment WHERE last_offset > ? ORDER BY last_offset LIMIT 1", (offset,)
    ).fetchone()
    return Segment(*row) if row else None


def last_segment_before(connection: sqlite3.Connection, offset: int) -> Segment | None:
    """Return the last segment with readings before `offset`."""
    row = connection.execute(
        "SELECT * FROM segment WHERE first_offset < ? ORDER BY last_offset DESC LIMIT 1", (offset,)
    ).fetchone()
    return Segment(*row) if row else None


def chunks_before(connection: sqlite3.Connection, device_id: str, offset: int) -> Iterator[Chunk]:
    """Return the chunks of a device with readings before `offset`, newest first."""
    rows = connection.execute(_BEFORE, (device_id, offset))
    return (Chunk(*row) for row in rows)


def chunks_of_segment(connection: sqlite3.Connection, last_offset: int) -> list[Chunk]:
    """Return the chunks of a segment."""
    rows = connection.execute(_OF_SEGMENT, (last_offset,))
    return [Chunk(*row) for row in rows]


def chunks_of_device(
    connection: sqlite3.Connection, device_id: str, measured_from_ms: int, measured_to_ms: int
) -> list[Chunk]:
    """Return the chunks of a device that can have readings of a time range, in the order of their offsets.

    Args:
        connection: to the database.
        device_id: of all readings.
        measured_from_ms: earliest `timestamp`, in milliseconds since 1970.
        measured_to_ms: latest `timestamp`, in milliseconds since 1970.
    """
    rows = connection.execute(_MEASURED, (device_id, measured_from_ms, measured_to_ms))
    return [Chunk(*row) for row in rows]


def _row(segment: int, device: int, info: ChunkInfo) -> tuple[int, ...]:
    return (
        device,
        info.last_offset,
        segment,
        info.position,
        info.length,
        info.count,
        info.first_offset,
        info.received_from,
        info.received_to,
        info.measured_from,
        info.measured_to,
    )
