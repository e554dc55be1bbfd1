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
    """Rows of a table of which the oldest are deleted.

    Attributes:
        name: of these rows, for metrics and messages.
        max_rows: number of rows that are kept.
        max_bytes: size of the rows that are kept, in bytes; the newest is kept even if it is larger.
        select: the statement that returns id, time in milliseconds since 1970 (None: it is never too old) and size of
            the rows, newest first.
        delete: the statement that deletes the row with an id, if it may be deleted.
        newest: the statement that returns the id of the newest row.
        unsent: the statement that returns a row if the one with an id has not been sent to every sink.
    """

    name: str
    max_rows: int
    max_bytes: int
    select: str
    delete: str
    newest: str
    unsent: str | None = None


def _dead_letters(name: str, which: str) -> Table:
    # Those of sinks have a limit of their own: their readings are in the log, and may not displace the others.
    return Table(
        name,
        10_000,
        64 * 1024 * 1024,
        f"SELECT id, received_at, length(payload) + length(message) FROM dead_letter WHERE {which} ORDER BY id DESC",  # noqa: S608 - constants
        "DELETE FROM dead_letter WHERE id = ?",
        "SELECT max(id) FROM dead_letter",
    )


_SENT = "is_sent = 1 AND id <= (SELECT coalesce(min(id), 9223372036854775807) FROM alert_cursor)"
"""Condition of an alert that was published and that every sink has received."""

DEAD_LETTERS = _dead_letters("dead_letter", "sink IS NULL")
SINK_DEAD_LETTERS = _dead_letters("sink_dead_letter", "sink IS NOT NULL")
ALERTS = Table(
    "alert",
    20_000,
    32 * 1024 * 1024,
    f"SELECT id, iif({_SENT}, CAST(1000 * unixepoch(body ->> '$.timestamp') AS INTEGER), NULL), length(body)"  # noqa: S608 - constants
    " FROM alert ORDER BY id DESC",
    "DELETE FROM alert WHERE id = ?",
    "SELECT max(id) FROM alert",
    f"SELECT 1 FROM alert WHERE id = ? AND NOT ({_SENT})",  # noqa: S608 - constants
)
FINAL_COMMANDS = Table(
    "command",
    20_000,
    32 * 1024 * 1024,
    f"SELECT id, updated_at, length(body) FROM command WHERE state IN ({_FINAL}) ORDER BY id DESC",  # noqa: S608 - constants
    f"DELETE FROM command WHERE id = ? AND state IN ({_FINAL})",  # noqa: S608 - the states are constants
    "SELECT max(id) FROM command",
)
TABLES = (DEAD_LETTERS, SINK_DEAD_LETTERS, ALERTS, FINAL_COMMANDS)


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
    row = connection.execute(table.newest).fetchone()
    return int(row[0] or 0)


def delete(connection: sqlite3.Connection, table: Table, ids: list[int]) -> int:
    """Delete the rows with these ids, as far as they may be deleted; return how many had not been sent to every sink.

    Args:
        connection: in a transaction.
        table: the table.
        ids: of the rows.
    """
    unsent = 0
    if table.unsent is not None:
        unsent = sum(connection.execute(table.unsent, (each,)).fetchone() is not None for each in ids)
    connection.executemany(table.delete, [(each,) for each in ids])
    return unsent


def _expired(connection: sqlite3.Connection, table: Table, cutoff: int | None) -> Iterator[tuple[int, int]]:
    size = 0
    for row, (number, time, length) in enumerate(connection.execute(table.select), 1):
        size += length
        is_old = cutoff is not None and time is not None and time < cutoff
        if is_old or row > table.max_rows or (row > 1 and size > table.max_bytes):
            yield number, length
