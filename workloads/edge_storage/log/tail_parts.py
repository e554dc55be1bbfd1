"""The tail as parts of a query: only batches with times that a query needs are read."""

import sqlite3
from collections.abc import Sequence
from functools import partial

from edge_storage.log.line import timestamp_of
from edge_storage.log.ordered import Part
from edge_storage.log.selection import lines_of_device
from edge_storage.log.tail_rows import unpacked

_Times = tuple[bytes, bytes]


class TailParts:
    """Returns the batches of the tail, and keeps the time range of each. Several threads may use it."""

    def __init__(self) -> None:
        self._times: dict[tuple[int, int], _Times] = {}

    def parts(self, connection: sqlite3.Connection, device_id: str) -> list[Part]:
        """Return the batches as parts of which each loads the lines of `device_id`."""
        rows = connection.execute("SELECT last_offset, count FROM batch").fetchall()
        known = self._times
        # A batch never changes, except that several become one: which has another count.
        times = {row: known.get(row) or _times_of(connection, row[0]) for row in rows}
        self._times = times
        return [
            Part(row[0], earliest, latest, partial(_load, connection, row[0], device_id))
            for row, (earliest, latest) in times.items()
        ]


def _times_of(connection: sqlite3.Connection, last_offset: int) -> _Times:
    times = [timestamp_of(line) for line in _body(connection, last_offset).split(b"\n")]
    return min(times), max(times)


def _load(connection: sqlite3.Connection, last_offset: int, device_id: str) -> Sequence[bytes]:
    return lines_of_device(_body(connection, last_offset), device_id)


def _body(connection: sqlite3.Connection, last_offset: int) -> bytes:
    content, count = connection.execute(
        "SELECT body, count FROM batch WHERE last_offset = ?", (last_offset,)
    ).fetchone()
    return unpacked(content, count)
