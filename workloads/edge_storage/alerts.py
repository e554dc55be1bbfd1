"""Alerts: the state of the rules, the outbox of the ingester, and the history."""

import datetime as dt
import sqlite3
from collections.abc import Sequence
from typing import Any

import orjson

from edge_readings.evaluation import QUIET, AlertState, evaluate, withdrawn
from edge_readings.processing import Processed
from edge_readings.rules import Rule, Rules
from edge_storage.pages import paginate
from edge_storage.timestamps import from_milliseconds, to_milliseconds
from edge_wire.messages import Alert

MAX_STATES = 20_000
"""Number of alert states in memory; the others are read from the database when they are needed."""


_WITH_ID = b'{"id":%d,"alert":%b}'


class AlertStates:
    """The states of rules and devices, in memory as far as they were needed, and in the table `alert_state`.

    The methods must be called in a transaction. After a rollback the object must be replaced by a new one.

    Args:
        limit: number of states in memory.
    """

    def __init__(self, limit: int = MAX_STATES) -> None:
        self._limit = limit
        self._states: dict[tuple[str, str], AlertState] = {}
        self._changed: set[tuple[str, str]] = set()

    def is_concerned(self, connection: sqlite3.Connection, rule: Rule, device_id: str, value: float) -> bool:
        """Return whether `value` of a device, in the stored unit, can change the state of `rule`."""
        if rule.is_beyond(value):
            return True
        state = self._state(connection, (rule.name, device_id))
        return state.firing is not None or state.beyond_since is not None

    def observe(self, connection: sqlite3.Connection, rule: Rule, processed: Processed) -> int:
        """Evaluate one reading against `rule`; alerts go to the outbox. Return the number of alerts."""
        key = (rule.name, processed.reading.device_id)
        before = self._state(connection, key)
        after, alert = evaluate(rule, before, processed)
        if alert is not None:
            put_in_outbox(connection, alert)
        if after is not before:
            self._states[key] = after
            self._changed.add(key)
        return 1 if alert is not None else 0

    def save(self, connection: sqlite3.Connection) -> None:
        """Write back the changed states."""
        if self._changed:
            connection.executemany(
                "INSERT INTO alert_state (rule, device_id, body) VALUES (?, ?, ?)"
                " ON CONFLICT (rule, device_id) DO UPDATE SET body = excluded.body",
                [(*key, _dump(self._states[key])) for key in self._changed],
            )
            self._changed.clear()
        if len(self._states) > self._limit:
            self._states.clear()

    def _state(self, connection: sqlite3.Connection, key: tuple[str, str]) -> AlertState:
        if key not in self._states:
            found = connection.execute("SELECT body FROM alert_state WHERE rule = ? AND device_id = ?", key)
            row = found.fetchone()
            self._states[key] = _load(row[0]) if row else QUIET
        return self._states[key]


def put_in_outbox(connection: sqlite3.Connection, alert: Alert) -> None:
    """Add `alert` to the outbox."""
    connection.execute("INSERT INTO alert (device_id, body) VALUES (?, ?)", (alert.device_id, alert.encode().decode()))


def withdraw(connection: sqlite3.Connection, rules: Rules, now: dt.datetime) -> None:
    """Clear the alerts and delete the states that no rule in `rules` can change any more."""
    about = {rule.name: rule.sensor_type for some in rules.by_sensor_type.values() for rule in some}
    for name, device_id, body in connection.execute("SELECT rule, device_id, body FROM alert_state").fetchall():
        firing = _load(body).firing
        if name in about and (firing is None or firing.sensor_type == about[name]):
            continue
        if firing is not None:
            put_in_outbox(connection, withdrawn(firing, now))
        connection.execute("DELETE FROM alert_state WHERE rule = ? AND device_id = ?", (name, device_id))


def outbox(connection: sqlite3.Connection, limit: int) -> Sequence[orjson.Fragment]:
    """Return at most `limit` alerts of the outbox, oldest first."""
    rows = connection.execute(
        "SELECT id, CAST(body AS BLOB) FROM alert WHERE is_sent = 0 ORDER BY id LIMIT ?", (limit,)
    )
    return paginate(((row[0], _WITH_ID % row) for row in rows), limit).items


def after(connection: sqlite3.Connection, number: int, limit: int) -> Sequence[orjson.Fragment]:
    """Return at most `limit` alerts with an id above `number`, sent or not, oldest first."""
    rows = connection.execute(
        "SELECT id, CAST(body AS BLOB) FROM alert WHERE id > ? ORDER BY id LIMIT ?", (number, limit)
    )
    return paginate(((row[0], _WITH_ID % row) for row in rows), limit).items


def firing(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """Return the alerts that fire now, by rule and device."""
    rows = connection.execute(
        "SELECT body FROM alert_state WHERE body ->> '$.firing' IS NOT NULL ORDER BY rule, device_id"
    )
    return [orjson.loads(body)["firing"] for (body,) in rows]


def mark_sent(connection: sqlite3.Connection, ids: list[int]) -> None:
    """Remove alerts from the outbox; they stay in the history."""
    connection.executemany("UPDATE alert SET is_sent = 1 WHERE id = ?", [(number,) for number in ids])


def _dump(state: AlertState) -> str:
    return orjson.dumps(
        {
            "beyond_since": to_milliseconds(state.beyond_since) if state.beyond_since else None,
            "firing": state.firing.to_object() if state.firing else None,
            "started": state.started,
        }
    ).decode()


def _load(body: str) -> AlertState:
    fields = orjson.loads(body)
    return AlertState(
        beyond_since=None if fields["beyond_since"] is None else from_milliseconds(fields["beyond_since"]),
        firing=None if fields["firing"] is None else Alert.from_object(fields["firing"]),
        started=fields["started"],
    )
