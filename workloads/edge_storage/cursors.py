"""Cursors of sinks: which readings each sink has delivered."""

import logging
import sqlite3

from edge_storage.log.tail import newest_offset
from edge_wire.messages import MalformedError
from edge_wire.store import CLOUD_SENSORS, Cursor

logger = logging.getLogger(__name__)


def read_cursor(connection: sqlite3.Connection, name: str) -> Cursor | None:
    """Return the cursor of the sink `name`; None if it has none."""
    row = connection.execute("SELECT body FROM cursor WHERE name = ?", (name,)).fetchone()
    return None if row is None else Cursor.parse(row[0].encode())


def write_cursor(connection: sqlite3.Connection, name: str, cursor: Cursor) -> None:
    """Replace the cursor of the sink `name`."""
    connection.execute(
        "INSERT INTO cursor (name, body) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET body = excluded.body",
        (name, cursor.encode().decode()),
    )


def read_names(connection: sqlite3.Connection) -> list[str]:
    """Return the names of the sinks that have a cursor."""
    return [name for (name,) in connection.execute("SELECT name FROM cursor")]


def read_all(connection: sqlite3.Connection) -> dict[str, Cursor]:
    """Return all cursors by the names of their sinks."""
    rows = connection.execute("SELECT name, body FROM cursor")
    return {name: Cursor.parse(body.encode()) for name, body in rows}


def advance(connection: sqlite3.Connection, name: str, cursor: Cursor) -> Cursor:
    """Add what `cursor` has delivered to the stored cursor of the sink `name`, and return that: it never moves back.

    Raises:
        MalformedError: `cursor` has offsets that the store has not reached.
    """
    newest = newest_offset(connection)
    if cursor.highest > newest:
        raise MalformedError(
            "field", f"the cursor ends at {cursor.highest}, the newest offset is {newest}: read the cursor again"
        )
    stored = read_cursor(connection, name) or Cursor()
    joined = stored.union(cursor)
    if joined != stored:
        write_cursor(connection, name, joined)
    return joined


def begin(connection: sqlite3.Connection) -> None:
    """Create the cursor of `cloud/sensors` at the newest offset, if there is none.

    In a new store that is 0. A store of a release without cursors has readings that were published without one: they
    must not be published again.
    """
    try:
        if read_cursor(connection, CLOUD_SENSORS) is None:
            write_cursor(connection, CLOUD_SENSORS, Cursor(newest_offset(connection)))
    except sqlite3.OperationalError as error:
        # A full disk must not keep the store from its start: it answers queries, and the ingester begins the cursor.
        logger.warning("cannot create the cursor of cloud/sensors: %s", error)
