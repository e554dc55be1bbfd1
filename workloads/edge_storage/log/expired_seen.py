"""Finds the rows of the table `seen` that are of dropped readings only."""

import sqlite3
from dataclasses import dataclass

MAX_DELETED_ROWS = 500
"""Rows that are deleted in one transaction, so that no request waits for long."""

SCANNED_ROWS = 10_000
"""Rows that one step reads."""


@dataclass(frozen=True, slots=True)
class SeenKey:
    """The key of a row of the table `seen`.

    Attributes:
        device: number of the device.
        session: of the device.
        block: number of the block of sequence numbers.
    """

    device: int = -1
    session: str = ""
    block: int = -1


@dataclass(frozen=True, slots=True)
class SeenStep:
    """What a step through the table `seen` has found.

    Attributes:
        expired: rows of readings that are not stored any more.
        next: where the next step begins; None after the last row.
    """

    expired: list[SeenKey]
    next: SeenKey | None


def expired_seen(connection: sqlite3.Connection, after: SeenKey, oldest_offset: int) -> SeenStep:
    """Return the rows after `after`, among the next ones, that are of readings before `oldest_offset` only."""
    rows = connection.execute(
        "SELECT device, session, block, last_offset FROM seen WHERE (device, session, block) > (?, ?, ?)"
        " ORDER BY device, session, block LIMIT ?",
        (after.device, after.session, after.block, SCANNED_ROWS),
    ).fetchall()
    found: list[SeenKey] = []
    for device, session, block, last_offset in rows:
        key = SeenKey(device, session, block)
        if last_offset < oldest_offset:
            found.append(key)
        if len(found) == MAX_DELETED_ROWS:
            return SeenStep(found, key)
    return SeenStep(found, SeenKey(*rows[-1][:3]) if len(rows) == SCANNED_ROWS else None)


def delete_seen(connection: sqlite3.Connection, keys: list[SeenKey], oldest_offset: int) -> None:
    """Delete rows of the table `seen`, unless they have had a newer reading since.

    Args:
        connection: in a transaction.
        keys: of the rows.
        oldest_offset: rows with this offset or a later one are kept.
    """
    connection.executemany(
        "DELETE FROM seen WHERE device = ? AND session = ? AND block = ? AND last_offset < ?",
        [(key.device, key.session, key.block, oldest_offset) for key in keys],
    )
