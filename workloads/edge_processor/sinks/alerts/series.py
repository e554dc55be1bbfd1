"""Alerts as Alertmanager's API v2 has them, and which resolved ones must be posted again. Pure."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from edge_wire.messages.alert import FIRING, Alert
from edge_wire.messages.malformed import MalformedError
from edge_wire.messages.timestamps import format_timestamp
from edge_wire.store import OutboxAlert

ENDS_AFTER = dt.timedelta(minutes=5)
"""After this time without a repetition Alertmanager resolves an alert by itself: the site cannot be reached."""

RESOLVED_FOR = dt.timedelta(minutes=15)
"""How long a resolved alert is posted again, as Prometheus does."""

MAX_RESOLVED_ALERTS = 1000
"""Maximum number of alerts that are posted again for this reason."""

Series = tuple[str, ...]
"""The labels that differ between the alerts of a site: two alerts with the same ones are one alert to Alertmanager."""


def series_of(alert: Alert) -> Series:
    """Return the labels of an alert that identify it, without the names."""
    return alert.rule, alert.device_id, alert.sensor_type, alert.severity, alert.location


def to_post(alert: Alert, namespace: str, site: str, now: dt.datetime) -> dict[str, Any]:
    """Return an alert as an element of the body of `POST /api/v2/alerts`.

    A timestamp that lies in the future, by a wrong clock of the device, counts as `now`: Alertmanager rejects an alert
    that ends before it starts, and regards one as firing until it ends. The severity is in lower case, as rules and
    routes of Prometheus have it.
    """
    at = min(alert.timestamp, now)
    is_firing = alert.state == FIRING
    times = {"startsAt": at, "endsAt": now + ENDS_AFTER} if is_firing else {"endsAt": at}
    return {
        "labels": {
            "alertname": alert.rule,
            "device_id": alert.device_id,
            "sensor_type": alert.sensor_type,
            "severity": alert.severity.lower(),
            "location": alert.location,
            "namespace": namespace,
            "site": site,
        },
        "annotations": {
            "summary": _summary(alert),
            "value": f"{alert.value:.15g}",
            "threshold": f"{alert.threshold:.15g}",
        },
        **{name: format_timestamp(time) for name, time in times.items()},
    }


class Resolved:
    """Alerts that were resolved lately.

    They are posted again: a repetition that was delayed on its way may reach Alertmanager after the resolution, and
    would make the alert fire again.
    """

    def __init__(self) -> None:
        self._ended: dict[Series, tuple[dt.datetime, Alert]] = {}

    def sent(self, alerts: Iterable[Alert], now: dt.datetime) -> None:
        """Record alerts, in their order, that were sent or may have been sent at `now`."""
        for alert in alerts:
            self._ended.pop(series_of(alert), None)
            if alert.state != FIRING:
                self._ended[series_of(alert)] = (now, alert)
        while len(self._ended) > MAX_RESOLVED_ALERTS:
            del self._ended[next(iter(self._ended))]

    def to_repeat(self, firing: Iterable[Alert], now: dt.datetime) -> list[Alert]:
        """Return what to post again at `now` beside the alerts that are `firing`."""
        fires = {series_of(alert) for alert in firing}
        self._ended = {
            series: ended
            for series, ended in self._ended.items()
            if series not in fires and now - ended[0] < RESOLVED_FOR
        }
        return [alert for _, alert in self._ended.values()]


def parsed(document: Mapping[str, Any]) -> Alert:
    """Return the alert in a document of the store.

    Raises:
        MalformedError: it is not an alert.
    """
    return Alert.from_object(document)


def parse_all(alerts: Sequence[OutboxAlert]) -> tuple[list[int], list[Alert], list[tuple[int, str]]]:
    """Return the positions of the valid alerts, these alerts, and the positions of the others with the reason."""
    positions: list[int] = []
    valid: list[Alert] = []
    malformed: list[tuple[int, str]] = []
    for at, each in enumerate(alerts):
        try:
            valid.append(parsed(each.alert))
        except MalformedError as error:
            malformed.append((at, str(error)))
        else:
            positions.append(at)
    return positions, valid, malformed


def _summary(alert: Alert) -> str:
    place = f" at {alert.location}" if alert.location else ""
    what = f"{alert.sensor_type} of {alert.device_id}{place} is {alert.value:.15g}"
    if alert.state == FIRING:
        return f"{what}: beyond the threshold {alert.threshold:.15g} of {alert.rule}"
    return f"{what}: {alert.rule} (threshold {alert.threshold:.15g}) has cleared"
