"""The tail: the newest readings, in the table `batch`; a row has the lines of one request."""

import sqlite3
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from edge_storage.log.tail_rows import packed, unpacked

ROW_BYTES = 1024 * 1024
"""Lines of a row together, unless one alone is larger: readers and the sealer have a row in memory."""

COALESCE_ROWS = 1024
"""As many consecutive rows become one, if they are small."""

COALESCE_BYTES = 1024 * 1024
"""Rows that are larger together stay as they are: to write them a second time would cost more than they do."""


@dataclass(frozen=True, slots=True)
class SealLimits:
    """When a tail is sealed, and how much of it becomes one segment.

    Attributes:
        readings: number of readings.
        bytes: size of their lines in bytes.
    """

    readings: int = 65_536
    bytes: int = 24 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Batch:
    """A row of the tail.

    Attributes:
        first_offset: of its first line.
        last_offset: of its last line.
        body: the lines, joined by line breaks.
    """

    first_offset: int
    last_offset: int
    body: bytes

    def lines(self) -> list[bytes]:
        """Return the lines, with consecutive offsets."""
        return self.body.split(b"\n")


@dataclass(slots=True)
class Tail:
    """The size of the tail, and how many of its last rows are small.

    Attributes:
        newest_offset: of the newest reading that was ever stored; 0 before the first.
        count: readings of the tail.
        size: of the tail, in bytes.
        limits: when it is full.
    """

    newest_offset: int
    count: int = 0
    size: int = 0
    limits: SealLimits = SealLimits()
    _rows: int = 0
    _bytes: int = 0
    _sizes: deque[tuple[int, int]] = field(default_factory=deque)
    """Of each row as it was added: its last offset, and the bytes of its lines."""

    def note(self, last_offset: int, count: int, size_bytes: int) -> None:
        """Record a row of the table: its last offset, the number of its readings, and the bytes of their lines."""
        self.count += count
        self.size += size_bytes
        self._sizes.append((last_offset, size_bytes))

    @property
    def is_full(self) -> bool:
        """Whether the tail should be sealed."""
        return self.count >= self.limits.readings or self.size >= self.limits.bytes

    def append(self, connection: sqlite3.Connection, lines: Sequence[bytes]) -> None:
        """Add `lines` (one or more), of which the offsets follow `newest_offset`, as one row if they are not large."""
        body = b"\n".join(lines)
        if len(body) > ROW_BYTES and len(lines) > 1:
            middle = len(lines) // 2
            del body
            self.append(connection, lines[:middle])
            self.append(connection, lines[middle:])
            return
        self.newest_offset += len(lines)
        connection.execute("INSERT INTO batch VALUES (?, ?, ?)", (self.newest_offset, len(lines), packed(body)))
        self.note(self.newest_offset, len(lines), len(body))
        self._rows += 1
        self._bytes += len(body)
        if self._rows >= COALESCE_ROWS:
            if self._bytes <= COALESCE_BYTES:
                _coalesce(connection, self._rows)
            self._rows = self._bytes = 0

    def sealed(self, connection: sqlite3.Connection, last_offset: int) -> int:
        """Delete the rows up to `last_offset`, which are in a segment now, and return the number of their readings."""
        (count,) = connection.execute("SELECT sum(count) FROM batch WHERE last_offset <= ?", (last_offset,)).fetchone()
        connection.execute("DELETE FROM batch WHERE last_offset <= ?", (last_offset,))
        connection.execute("UPDATE setting SET value = ? WHERE name = 'newest_offset'", (str(self.newest_offset),))
        self.count -= count or 0
        while self._sizes and self._sizes[0][0] <= last_offset:
            self.size -= self._sizes.popleft()[1]
        # The last small rows may be among the deleted ones.
        self._rows = self._bytes = 0
        return int(count or 0)


def newest_offset(connection: sqlite3.Connection) -> int:
    """Return the newest offset that a reading has or had; 0 if there was none."""
    (newest,) = connection.execute("SELECT max(last_offset) FROM batch").fetchone()
    (kept,) = connection.execute("SELECT value FROM setting WHERE name = 'newest_offset'").fetchone()
    return max(newest or 0, int(kept))


def batches(connection: sqlite3.Connection, after: int = 0) -> Iterator[Batch]:
    """Return the rows of the tail with readings after the offset `after`, oldest first.

    Raises:
        CorruptDatabaseError: one of them is damaged.
    """
    rows = connection.execute(
        "SELECT last_offset, count, body FROM batch WHERE last_offset > ? ORDER BY last_offset", (after,)
    )
    for last_offset, count, body in rows:
        yield Batch(last_offset - count + 1, last_offset, unpacked(body, count))


def newest_batches(connection: sqlite3.Connection, before: int) -> Iterator[Batch]:
    """Return the rows of the tail with readings before the offset `before`, newest first.

    Raises:
        CorruptDatabaseError: one of them is damaged.
    """
    rows = connection.execute(
        "SELECT last_offset, count, body FROM batch WHERE last_offset - count + 1 < ? ORDER BY last_offset DESC",
        (before,),
    )
    for last_offset, count, body in rows:
        yield Batch(last_offset - count + 1, last_offset, unpacked(body, count))


def _coalesce(connection: sqlite3.Connection, rows: int) -> None:
    found = connection.execute(
        "SELECT last_offset, count, body FROM batch ORDER BY last_offset DESC LIMIT ?", (rows,)
    ).fetchall()
    last_offset, first = found[0][0], found[-1][0]
    body = b"\n".join([unpacked(row[2], row[1]) for row in reversed(found)])
    connection.execute("DELETE FROM batch WHERE last_offset >= ?", (first,))
    connection.execute("INSERT INTO batch VALUES (?, ?, ?)", (last_offset, sum(row[1] for row in found), packed(body)))
