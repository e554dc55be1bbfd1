"""The cursors of sinks in a database that replaces a damaged one."""

import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from edge_storage import cursors
from edge_storage.database.transaction import transaction
from edge_storage.sinks.alert_cursors import newest_alert, read_alert_cursors, write_alert_cursor
from edge_storage.sinks.declared import ALERTS_LOST, READINGS_LOST, note_lost
from edge_wire.messages import MalformedError
from edge_wire.store import CLOUD_SENSORS, Cursor

T = TypeVar("T")
logger = logging.getLogger(__name__)


def restore_cursors(connection: sqlite3.Connection, aside: Path, highest_offset: int) -> None:
    """Copy the cursors of all sinks from a damaged database, unless that has happened; one transaction.

    If they cannot be read, all readings that are left are delivered again: without a cursor, those that were not
    delivered yet would never be. Alerts get larger ids than in the damaged database: a cursor would pass them over.

    Args:
        connection: to the new database, in autocommit mode.
        aside: the damaged database; its write-ahead log is not read.
        highest_offset: the largest offset that a cursor can have.
    """
    if cursors.read_cursor(connection, CLOUD_SENSORS) is not None:
        return
    with transaction(connection):
        _restore_readings(connection, aside, highest_offset)
        _restore_alerts(connection, aside)


def _restore_readings(connection: sqlite3.Connection, aside: Path, highest_offset: int) -> None:
    bodies = _ask(aside, _bodies)
    if bodies is None:
        logger.warning("the cursors of the sinks are lost: all readings of the sealed segments are delivered again")
        note_lost(connection, READINGS_LOST)
    found = {} if bodies is None else {name: _parsed(body) for name, body in bodies.items()}
    for name, cursor in {CLOUD_SENSORS: None, **found}.items():
        is_lost = cursor is None or cursor.highest > highest_offset
        if is_lost and bodies is not None:
            logger.warning("the cursor of %s is lost: all readings of the sealed segments are delivered again", name)
        cursors.write_cursor(connection, name, Cursor() if cursor is None or is_lost else cursor)


def _restore_alerts(connection: sqlite3.Connection, aside: Path) -> None:
    answer = _ask(aside, _alerts)
    if answer is None:
        logger.warning("the cursors of alerts are lost: each sink begins with the first alert of the new database")
        note_lost(connection, ALERTS_LOST)
    found, newest = answer or ({}, 0)
    for name, number in found.items():
        write_alert_cursor(connection, name, number)
    newest = max(newest, *found.values(), 0)
    if not connection.execute("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'alert'", (newest,)).rowcount:
        connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('alert', ?)", (newest,))


def _ask(path: Path, question: Callable[[sqlite3.Connection], T]) -> T | None:
    """Return the answer of a damaged database; None if it cannot be read."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            return question(connection)
    except (sqlite3.Error, UnicodeError) as error:
        logger.warning("cannot read the cursors of the sinks in %s: %s", path, error)
        return None


def _bodies(connection: sqlite3.Connection) -> dict[str, str]:
    return dict(connection.execute("SELECT name, body FROM cursor").fetchall())


def _alerts(connection: sqlite3.Connection) -> tuple[dict[str, int], int]:
    """Return the cursors of alerts, which an older release does not have, and the newest id of an alert."""
    (count,) = connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'alert_cursor'").fetchone()
    return read_alert_cursors(connection) if count else {}, newest_alert(connection)


def _parsed(body: str) -> Cursor | None:
    try:
        return Cursor.parse(body.encode())
    except MalformedError:
        return None
