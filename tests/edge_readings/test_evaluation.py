"""Alerts start and clear once, with the rule's threshold and one id."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_readings.evaluation import QUIET, AlertState, evaluate, withdrawn
from edge_readings.processing import Processed, process
from edge_readings.rules import Rule, Rules
from edge_wire.messages import Alert, Reading

START = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)


def _rule(**fields: Any) -> Rule:
    document = {"name": "hot", "sensorType": "t", "severity": "Critical"} | fields
    return Rules.from_objects([document]).about("t")[0]


def _at(second: float, value: float) -> Processed:
    moment = START + dt.timedelta(seconds=second)
    return process(Reading("pump-1", "t", value, timestamp=moment), received_at=moment, location="hall")


def _play(rule: Rule, *readings: tuple[float, float]) -> list[Alert]:
    state: AlertState = QUIET
    alerts = []
    for second, value in readings:
        state, alert = evaluate(rule, state, _at(second, value))
        alerts += [alert] if alert else []
    return alerts


def test_alert_of_a_reading_that_waited_in_the_queue_is_late() -> None:
    state, alert = evaluate(_rule(above=80), QUIET, replace(_at(0, 81), queued_ms=5_000))
    assert alert is not None
    assert alert.to_object()["late"] is True
    assert Alert.parse(alert.encode()) == alert
    _, cleared = evaluate(_rule(above=80), state, _at(1, 20))
    assert cleared is not None
    assert "late" not in cleared.to_object()


STORIES: list[tuple[str, dict[str, Any], list[tuple[float, float]], list[tuple[str, float]]]] = [
    ("never beyond", {"above": 80}, [(0, 79), (1, 80)], []),
    ("starts and clears", {"above": 80}, [(0, 81), (1, 82), (2, 80)], [("firing", 81), ("cleared", 80)]),
    ("below", {"below": -5}, [(0, -5), (1, -5.1), (2, -5)], [("firing", -5.1), ("cleared", -5)]),
    ("a threshold with a fraction", {"above": "80.5"}, [(0, 80.5), (1, 80.6)], [("firing", 80.6)]),
    (
        "hysteresis",
        {"above": 80, "clear": 75},
        [(0, 81), (1, 79), (2, 81), (3, 76), (4, 75)],
        [("firing", 81), ("cleared", 75)],
    ),
    ("not for long enough", {"above": 80, "for": "10s"}, [(0, 81), (9, 81), (9.5, 80), (11, 81), (20, 81)], []),
    ("long enough", {"above": 80, "for": "10s"}, [(0, 81), (9, 82), (10, 83)], [("firing", 83)]),
    ("buffered readings come late", {"above": 80, "for": "10s"}, [(5, 81), (0, 81), (10, 83)], [("firing", 83)]),
    ("twice", {"above": 80}, [(0, 81), (1, 80), (2, 81)], [("firing", 81), ("cleared", 80), ("firing", 81)]),
]


@pytest.mark.parametrize(
    ("rule", "readings", "expected"), [story[1:] for story in STORIES], ids=[story[0] for story in STORIES]
)
def test_story(rule: dict[str, Any], readings: list[tuple[float, float]], expected: list[tuple[str, float]]) -> None:
    assert [(alert.state, alert.value) for alert in _play(_rule(**rule), *readings)] == expected


def test_an_alert_says_what_the_contract_wants() -> None:
    alert = _play(_rule(above=80), (1, 95))[0]

    assert alert.to_object() == {
        "type": "sensor_alert",
        "alert_id": alert.alert_id,
        "rule": "hot",
        "device_id": "pump-1",
        "sensor_type": "t",
        "value": 95.0,
        "threshold": 80.0,
        "timestamp": "2026-01-31T12:00:01.000Z",
        "location": "hall",
        "severity": "Critical",
        "state": "firing",
    }


def test_start_and_clear_share_an_id_that_no_other_alert_has() -> None:
    # All at one moment: what a burst looks like to a coarse clock.
    alerts = _play(_rule(above=80), (0, 81), (0, 80), (0, 81), (0, 80))

    assert [alert.alert_id for alert in alerts] == [alerts[0].alert_id] * 2 + [alerts[2].alert_id] * 2
    assert alerts[0].alert_id != alerts[2].alert_id


def test_the_alert_of_a_deleted_rule_is_withdrawn() -> None:
    alert = _play(_rule(above=80), (0, 81))[0]
    later = START + dt.timedelta(minutes=1)

    gone = withdrawn(alert, later)

    assert (gone.state, gone.alert_id, gone.timestamp, gone.threshold) == ("cleared", alert.alert_id, later, 80.0)


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100))), st.integers(0, 100), st.integers(0, 100))
def test_starts_and_clears_alternate(readings: list[tuple[float, float]], above: int, hysteresis: int) -> None:
    alerts = _play(_rule(above=above, clear=above - hysteresis), *readings)

    assert [alert.state for alert in alerts] == [("firing", "cleared")[index % 2] for index in range(len(alerts))]
    assert all((alert.value > above) == (alert.state == "firing") for alert in alerts)


def test_every_alert_is_counted() -> None:
    state, counts = QUIET, []
    for second, value in ((0, 79), (1, 81), (2, 80), (3, 81), (4, 80)):
        state, _ = evaluate(_rule(above=80), state, _at(second, value))
        counts.append(state.started)
    assert counts == [0, 1, 1, 2, 2]


def test_an_id_stays_the_same_from_release_to_release() -> None:
    # An alert that was sent and is sent again after an upgrade must not count as another one.
    first, _, second = _play(_rule(above=80), (0, 81), (1, 80), (2, 81))
    assert [first.alert_id, second.alert_id] == [
        "9b21aa15-ca63-5aa6-bbdf-bea6f690da65",
        "7bb01438-e52d-5db0-8e5e-447ea2ece69c",
    ]
