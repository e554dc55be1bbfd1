"""Dead letters of sinks: readings and alerts that a destination rejected."""

import sqlite3
from collections.abc import Sequence

import orjson

from edge_storage.dead_letters import COLUMNS, document
from edge_storage.pages import paginate
from edge_storage.timestamps import to_milliseconds
from edge_wire.store.sink_dead_letters import SinkDeadLetter

MAX_MESSAGE_CHARACTERS = 1000
"""Maximum length of a kept answer of a destination; the rest is dropped."""

_ADD_READING = """
INSERT INTO dead_letter (sink, "offset", device_id, received_at, reason, message, payload)
VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
"""
_ADD_ALERT = """
INSERT INTO dead_letter (sink, "offset", device_id, received_at, reason, message, payload)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7
WHERE NOT EXISTS (SELECT 1 FROM dead_letter WHERE sink = ?1 AND "offset" IS NULL AND payload = ?7)
"""


def add(connection: sqlite3.Connection, sink: str, letters: Sequence[SinkDeadLetter]) -> int:
    """Add dead letters of a sink; return how many are new: a reading or an alert has at most one for each sink."""
    added = 0
    for each in letters:
        row = (
            sink,
            each.offset,
            each.device_id,
            to_milliseconds(each.received_at),
            each.reason,
            each.message[:MAX_MESSAGE_CHARACTERS],
            each.payload,
        )
        added += connection.execute(_ADD_ALERT if each.offset is None else _ADD_READING, row).rowcount
    return added


def mark(connection: sqlite3.Connection, number: int) -> None:
    """Mark a dead letter for another delivery by its sink."""
    connection.execute("UPDATE dead_letter SET resending = 1 WHERE id = ?", (number,))


def marked(connection: sqlite3.Connection, sink: str, limit: int) -> Sequence[orjson.Fragment]:
    """Return at most `limit` dead letters that the sink must deliver again, oldest first."""
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM dead_letter WHERE sink = ? AND resending = 1 ORDER BY id LIMIT ?",  # noqa: S608 - constants
        (sink, limit),
    )
    return paginate(((row[0], document(*row)) for row in rows), limit).items


def resent(
    connection: sqlite3.Connection, sink: str, delivered: Sequence[int], refused: Sequence[tuple[int, str]]
) -> int:
    """Delete the dead letters that a sink has delivered; those that were rejected again wait for a person.

    Args:
        connection: in a transaction.
        sink: name of the sink.
        delivered: ids of the rows that were delivered.
        refused: ids of the other rows, with the answer of the destination.

    Returns:
        The number of deleted dead letters.
    """
    deleted = 0
    for number in delivered:
        deleted += connection.execute("DELETE FROM dead_letter WHERE id = ? AND sink = ?", (number, sink)).rowcount
    connection.executemany(
        "UPDATE dead_letter SET resending = 0, message = ? WHERE id = ? AND sink = ?",
        [(message[:MAX_MESSAGE_CHARACTERS], number, sink) for number, message in refused],
    )
    return deleted


def count_by_sink(connection: sqlite3.Connection) -> dict[str, int]:
    """Return the number of dead letters by the name of the sink."""
    rows = connection.execute("SELECT sink, count(*) FROM dead_letter WHERE sink IS NOT NULL GROUP BY sink")
    return dict(rows.fetchall())


def count_all(connection: sqlite3.Connection) -> int:
    """Return the number of all dead letters."""
    (count,) = connection.execute("SELECT count(*) FROM dead_letter").fetchone()
    return int(count)
