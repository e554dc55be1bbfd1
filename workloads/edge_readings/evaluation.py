"""Whether a reading starts or clears an alert: depends only on the rule, the previous state and the reading."""

import datetime as dt
import uuid
from dataclasses import dataclass, replace

from edge_readings.processing import Processed
from edge_readings.rules import Rule
from edge_wire.messages import Alert

_NAMESPACE = uuid.UUID("5a6e7f0c-3d0e-4b0e-9c53-2b6f6b8f4a11")


@dataclass(frozen=True, slots=True)
class AlertState:
    """The state of one rule and one device between two readings.

    Attributes:
        beyond_since: when the value went beyond the threshold, if it still is and the alert has not started.
        firing: the alert as it started, while it is firing; else None.
        started: number of alerts so far, which makes their ids unique.
    """

    beyond_since: dt.datetime | None = None
    firing: Alert | None = None
    started: int = 0


QUIET = AlertState()
"""The initial state: the value was never beyond the threshold."""


def evaluate(rule: Rule, state: AlertState, processed: Processed) -> tuple[AlertState, Alert | None]:
    """Return the state after `processed`, and the alert that it starts or clears."""
    value = processed.reading.value
    if state.firing is not None:
        return _while_firing(rule, state, state.firing, processed)
    if not rule.is_beyond(value):
        return (state if state.beyond_since is None else replace(state, beyond_since=None)), None
    # A device may send buffered readings later, so times may go back; the earliest one counts.
    since = min(state.beyond_since or processed.measured_at, processed.measured_at)
    if (processed.measured_at - since).total_seconds() < rule.for_seconds:
        return replace(state, beyond_since=since), None
    alert = _started(rule, state, processed)
    return AlertState(firing=alert, started=state.started + 1), alert


def withdrawn(alert: Alert, at: dt.datetime) -> Alert:
    """Return the message that clears `alert` after its rule was deleted."""
    return replace(alert, state="cleared", timestamp=at)


def _while_firing(
    rule: Rule, state: AlertState, firing: Alert, processed: Processed
) -> tuple[AlertState, Alert | None]:
    if not rule.is_back(processed.reading.value):
        return state, None
    alert = _alert(rule, processed, firing.alert_id, is_firing=False)
    return AlertState(started=state.started), alert


def _started(rule: Rule, state: AlertState, processed: Processed) -> Alert:
    what = f"{rule.name}\n{processed.reading.device_id}\n{processed.received_at.isoformat()}\n{state.started}"
    return _alert(rule, processed, str(uuid.uuid5(_NAMESPACE, what)), is_firing=True)


def _alert(rule: Rule, processed: Processed, alert_id: str, *, is_firing: bool) -> Alert:
    reading = processed.reading
    return Alert(
        alert_id=alert_id,
        rule=rule.name,
        device_id=reading.device_id,
        sensor_type=reading.sensor_type,
        value=reading.value,
        threshold=rule.threshold,
        timestamp=processed.measured_at,
        location=reading.location,
        severity=rule.severity,
        state="firing" if is_firing else "cleared",
        late=processed.queued_ms > 0,
    )
