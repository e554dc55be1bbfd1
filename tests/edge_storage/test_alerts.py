"""Alerts start and clear across requests, wait in the outbox, and do not outlive their rule."""

import datetime as dt
import json
import sqlite3
from typing import Any

import orjson
import pytest

from edge_readings.rules import RulesError
from edge_storage import alerts, readings, rules
from edge_storage.ingest.state import IngestState
from edge_storage.ingest.storing import store
from edge_storage.pages import NO_END
from edge_wire.store import IngestRequest, RawMessage

NOON = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
HOT = {"name": "hot", "sensorType": "temperature", "above": 80}


def _send(
    connection: sqlite3.Connection, state: IngestState, value: float, second: float = 0, device_id: str = "pump-1"
) -> None:
    moment = NOON + dt.timedelta(seconds=second)
    reading = {"sensor_type": "temperature", "value": value, "session": device_id, "seq": int(second)}
    message = RawMessage(device_id, json.dumps(reading | {"timestamp": moment.isoformat()}).encode(), moment)
    store(connection, IngestRequest(None, "hall", (message,)), state)


def _outbox(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    waiting: list[dict[str, Any]] = orjson.loads(orjson.dumps(alerts.outbox(connection, 100)))
    return waiting


def _states(connection: sqlite3.Connection) -> list[tuple[str, float]]:
    return [(each["alert"]["state"], each["alert"]["value"]) for each in _outbox(connection)]


def test_an_alert_starts_and_clears_once_with_the_rules_threshold(
    connection: sqlite3.Connection, state: IngestState
) -> None:
    state.replace_rules(connection, [HOT], NOON)

    for second, value in enumerate((79, 81, 85, 80, 70)):
        _send(connection, state, value, second)

    firing, cleared = (each["alert"] for each in _outbox(connection))
    assert (firing["state"], firing["value"], firing["threshold"]) == ("firing", 81.0, 80.0)
    assert (cleared["state"], cleared["value"], cleared["threshold"]) == ("cleared", 80.0, 80.0)
    assert firing["alert_id"] == cleared["alert_id"]


def test_a_duration_is_counted_across_requests(connection: sqlite3.Connection, state: IngestState) -> None:
    state.replace_rules(connection, [HOT | {"for": "10s"}], NOON)

    for second in (0, 5, 9, 10, 11):
        _send(connection, state, 81 + second, second)

    assert _states(connection) == [("firing", 91.0)]


def test_a_repeated_reading_is_not_checked_twice(connection: sqlite3.Connection, state: IngestState) -> None:
    state.replace_rules(connection, [HOT], NOON)
    for second, value in ((0, 81), (1, 70), (0, 81)):
        _send(connection, state, value, second)

    assert _states(connection) == [("firing", 81.0), ("cleared", 70.0)]


def test_sent_alerts_leave_the_outbox_and_stay_in_the_history(
    connection: sqlite3.Connection, state: IngestState
) -> None:
    state.replace_rules(connection, [HOT], NOON)
    for device_id in ("a", "b", "c"):
        _send(connection, state, 90, device_id=device_id)
    first = _outbox(connection)[0]["id"]

    alerts.mark_sent(connection, [first, 10**12])
    alerts.mark_sent(connection, [first])

    assert [each["alert"]["device_id"] for each in _outbox(connection)] == ["b", "c"]
    history = orjson.loads(orjson.dumps(readings.alerts(connection, None, 2, NO_END).items))
    assert [each["device_id"] for each in history] == ["c", "b"]
    of_a = orjson.loads(orjson.dumps(readings.alerts(connection, "a", 2, NO_END).items))
    assert [each["device_id"] for each in of_a] == ["a"]


GONE: list[tuple[str, list[dict[str, Any]]]] = [
    ("removed", []),
    ("renamed", [HOT | {"name": "hotter"}]),
    ("about something else now", [HOT | {"sensorType": "humidity"}]),
]


@pytest.mark.parametrize("after", [case[1] for case in GONE], ids=[case[0] for case in GONE])
def test_the_alert_of_a_deleted_rule_is_cleared(
    connection: sqlite3.Connection, state: IngestState, after: list[dict[str, Any]]
) -> None:
    state.replace_rules(connection, [HOT], NOON)
    _send(connection, state, 90)

    state.replace_rules(connection, after, NOON + dt.timedelta(minutes=1))
    state.replace_rules(connection, after, NOON + dt.timedelta(minutes=2))

    firing, cleared = (each["alert"] for each in _outbox(connection))
    assert (cleared["state"], cleared["alert_id"]) == ("cleared", firing["alert_id"])
    assert cleared["timestamp"] == "2026-01-31T12:01:00.000Z"


def test_the_alert_of_a_rule_that_changed_goes_on(connection: sqlite3.Connection, state: IngestState) -> None:
    state.replace_rules(connection, [HOT], NOON)
    _send(connection, state, 90)

    state.replace_rules(connection, [HOT | {"above": 100}], NOON)
    assert _states(connection) == [("firing", 90.0)]
    _send(connection, state, 90, 1)

    assert [(each["alert"]["state"], each["alert"]["threshold"]) for each in _outbox(connection)] == [
        ("firing", 80.0),
        ("cleared", 100.0),
    ]


def test_wrong_rules_leave_the_old_ones(connection: sqlite3.Connection, state: IngestState) -> None:
    state.replace_rules(connection, [HOT], NOON)

    with pytest.raises(RulesError):
        state.replace_rules(connection, [HOT, {"name": "cold"}], NOON)

    assert rules.in_force(connection).names == {"hot"}
