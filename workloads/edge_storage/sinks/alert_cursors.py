"""Cursors of alerts: the id of the last alert that a sink has delivered."""

import sqlite3

from edge_wire.messages import MalformedError


def newest_alert(connection: sqlite3.Connection) -> int:
    """Return the newest id that an alert has or had; 0 if there was none."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'alert'").fetchone()
    return int(row[0]) if row else 0


def read_alert_cursor(connection: sqlite3.Connection, name: str) -> int | None:
    """Return the id of the last alert that the sink `name` has delivered; None if it has no cursor."""
    row = connection.execute("SELECT id FROM alert_cursor WHERE name = ?", (name,)).fetchone()
    return None if row is None else int(row[0])


def read_alert_cursors(connection: sqlite3.Connection) -> dict[str, int]:
    """Return all cursors of alerts by the names of their sinks."""
    return dict(connection.execute("SELECT name, id FROM alert_cursor").fetchall())


def write_alert_cursor(connection: sqlite3.Connection, name: str, number: int) -> None:
    """Replace the cursor of the sink `name` by the id `number`."""
    connection.execute(
        "INSERT INTO alert_cursor (name, id) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET id = excluded.id",
        (name, number),
    )


def advance_alert_cursor(connection: sqlite3.Connection, name: str, number: int) -> int:
    """Move the cursor of the sink `name` to the id `number`, and return it as stored: it never moves back.

    Raises:
        MalformedError: there is no such alert yet.
    """
    newest = newest_alert(connection)
    if number > newest:
        raise MalformedError("field", f"id is {number}, the newest alert has {newest}: read the cursor again")
    stored = read_alert_cursor(connection, name)
    if stored is not None and stored >= number:
        return stored
    write_alert_cursor(connection, name, number)
    return number
