"""Finds the rows that retention deletes: old ones, and the oldest of a table that has too many."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from edge_wire.store import FINAL_STATES

MAX_DELETED_ROWS = 500
"""Rows that are deleted in one transaction, so that no request waits for long."""

MAX_DELETED_BYTES = 1024 * 1024
"""Size in bytes of the rows that are deleted in one transaction, unless one alone is larger."""

_FINAL = ", ".join(f"'{state}'" for state in sorted(FINAL_STATES))


@dataclass(frozen=True, slots=True)
class Table:
    """A table of which the oldest rows are deleted.

    Attributes:
        name: of the table.
        max_rows: number of rows that are kept.
        max_bytes: size of the rows that are kept, in bytes; the newest is kept even if it is larger.
        select: the statement that returns id, time in milliseconds since 1970 and size of the rows, newest first.
        delete: the statement that deletes the row with an id, if it may be deleted.
    """

    name: str
    max_rows: int
    max_bytes: int
    select: str
    delete: str


DEAD_LETTERS = Table(
    "dead_letter",
    10_000,
    64 * 1024 * 1024,
    "SELECT id, received_at, length(payload) + length(message) FROM dead_letter ORDER BY id DESC",
    "DELETE FROM dead_letter WHERE id = ?",
)
SENT_ALERTS = Table(
    "alert",
    20_000,
    32 * 1024 * 1024,
    "SELECT id, CAST(1000 * unixepoch(body ->> '$.timestamp') AS INTEGER), length(body) FROM alert"
    " WHERE is_sent = 1 ORDER BY id DESC",
    "DELETE FROM alert WHERE id = ? AND is_sent = 1",
)
FINAL_COMMANDS = Table(
    "command",
    20_000,
    32 * 1024 * 1024,
    f"SELECT id, updated_at, length(body) FROM command WHERE state IN ({_FINAL}) ORDER BY id DESC",  # noqa: S608 - constants
    f"DELETE FROM command WHERE id = ? AND state IN ({_FINAL})",  # noqa: S608 - the states are constants
)
TABLES = (DEAD_LETTERS, SENT_ALERTS, FINAL_COMMANDS)


def expired(connection: sqlite3.Connection, table: Table, cutoff: int | None) -> list[int]:
    """Return the ids of some rows that must be deleted: at most `MAX_DELETED_ROWS`, with `MAX_DELETED_BYTES`.

    Args:
        connection: to the database.
        table: the table.
        cutoff: rows of earlier times are deleted, in milliseconds since 1970; None deletes none for its age.
    """
    found: list[int] = []
    size = 0
    for number, length in _expired(connection, table, cutoff):
        size += length
        if found and (len(found) == MAX_DELETED_ROWS or size > MAX_DELETED_BYTES):
            break
        found.append(number)
    return found


def newest_id(connection: sqlite3.Connection, table: Table) -> int:
    """Return the id of the newest row of a table; 0 if it is empty."""
    row = connection.execute(f"SELECT max(id) FROM {table.name}").fetchone()  # noqa: S608 - the name is a constant
    return int(row[0] or 0)


def delete(connection: sqlite3.Connection, table: Table, ids: list[int]) -> None:
    """Delete the rows with these ids, as far as they may be deleted.

    Args:
        connection: in a transaction.
        table: the table.
        ids: of the rows.
    """
    connection.executemany(table.delete, [(each,) for each in ids])


def _expired(connection: sqlite3.Connection, table: Table, cutoff: int | None) -> Iterator[tuple[int, int]]:
    size = 0
    for row, (number, time, length) in enumerate(connection.execute(table.select), 1):
        size += length
        is_old = cutoff is not None and time is not None and time < cutoff
        if is_old or row > table.max_rows or (row > 1 and size > table.max_bytes):
            yield number, length
