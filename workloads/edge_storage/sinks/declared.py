"""Which sinks exist: those that have a cursor."""

import sqlite3
from collections.abc import Collection
from typing import Any

from edge_storage import cursors
from edge_storage.log.tail import newest_offset
from edge_storage.sinks.alert_cursors import newest_alert, read_alert_cursors, write_alert_cursor
from edge_storage.sinks.dead_letters import count_by_sink
from edge_wire.store import CLOUD_SENSORS, Cursor
from edge_wire.store.sink_dead_letters import DeclaredSinks

READINGS_LOST = "reading_cursors_lost"
"""Setting that exists while the cursors of a damaged database could not be read: a new cursor begins at the start."""

ALERTS_LOST = "alert_cursors_lost"
"""The same for cursors of alerts."""


def declare(connection: sqlite3.Connection, readings: Collection[str], alerts: Collection[str]) -> DeclaredSinks:
    """Let exactly these sinks exist, and the one of `cloud/sensors`.

    A new sink receives what is stored from now on. A sink that does not exist any more must not hold up retention.

    Args:
        connection: in a transaction.
        readings: names of the sinks of readings.
        alerts: names of the sinks of alerts.
    """
    have, have_alerts = set(cursors.read_names(connection)), set(read_alert_cursors(connection))
    created = sorted(set(readings) - have)
    created_alerts = sorted(set(alerts) - have_alerts)
    deleted = sorted(have - {*readings, CLOUD_SENSORS})
    deleted_alerts = sorted(have_alerts - set(alerts))
    start = Cursor() if _take_note(connection, READINGS_LOST) else Cursor(newest_offset(connection))
    first_alert = 0 if _take_note(connection, ALERTS_LOST) else newest_alert(connection)
    for name in created:
        cursors.write_cursor(connection, name, start)
    for name in created_alerts:
        write_alert_cursor(connection, name, first_alert)
    connection.executemany("DELETE FROM cursor WHERE name = ?", [(name,) for name in deleted])
    connection.executemany("DELETE FROM alert_cursor WHERE name = ?", [(name,) for name in deleted_alerts])
    return DeclaredSinks(
        tuple(sorted({*created, *created_alerts})),
        tuple(sorted({*deleted, *deleted_alerts})),
    )


def exists(connection: sqlite3.Connection, name: str) -> bool:
    """Whether the sink `name` exists."""
    row = connection.execute(
        "SELECT 1 FROM cursor WHERE name = ?1 UNION ALL SELECT 1 FROM alert_cursor WHERE name = ?1", (name,)
    ).fetchone()
    return row is not None


def sinks(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """Return the sinks as `GET /v1/sinks` lists them; a member that does not concern a sink is null."""
    newest = newest_offset(connection)
    pending = {name: _pending(cursor, newest) for name, cursor in cursors.read_all(connection).items()}
    alerts = read_alert_cursors(connection)
    rejected = count_by_sink(connection)
    return [
        {
            "name": name,
            "pending_readings": pending.get(name),
            "pending_alerts": _alerts_after(connection, alerts[name]) if name in alerts else None,
            "dead_letters": rejected.get(name, 0),
        }
        for name in sorted({*pending, *alerts, *rejected})
    ]


def note_lost(connection: sqlite3.Connection, what: str) -> None:
    """Note that cursors are lost: `what` is `READINGS_LOST` or `ALERTS_LOST`. The next declaration takes the note."""
    connection.execute("INSERT OR REPLACE INTO setting (name, value) VALUES (?, '1')", (what,))


def _take_note(connection: sqlite3.Connection, what: str) -> bool:
    return connection.execute("DELETE FROM setting WHERE name = ?", (what,)).rowcount > 0


def _pending(cursor: Cursor, newest: int) -> int:
    return sum(last - first + 1 for first, last in cursor.missing(newest))


def _alerts_after(connection: sqlite3.Connection, number: int) -> int:
    (count,) = connection.execute("SELECT count(*) FROM alert WHERE id > ?", (number,)).fetchone()
    return int(count)
