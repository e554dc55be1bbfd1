"""The labels of an alert at its start: location and severity may differ when it clears."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from edge_processor.sinks.alerts.series import parsed
from edge_wire.messages.alert import FIRING, Alert
from edge_wire.messages.malformed import MalformedError
from edge_wire.store import Page

MAX_STARTS = 10_000
"""Maximum number of alerts of which the start is in memory."""

HISTORY_ALERTS = 1000
"""Number of alerts of a device that are read to find the start of one."""


class History(Protocol):
    """What this module requires of the store's client."""

    async def alerts(self, device_id: str | None = None, limit: int = 100) -> Page[Mapping[str, Any]]:
        """Return at most `limit` alerts of the history, newest first."""


class Starts:
    """Labels of alerts at their start.

    Args:
        history: has alerts of before this process.
    """

    def __init__(self, history: History) -> None:
        self._history = history
        self._labels: dict[str, tuple[str, str]] = {}

    def note(self, alerts: Iterable[Alert]) -> None:
        """Remember the labels of alerts that fire."""
        for alert in alerts:
            if alert.state == FIRING:
                self._labels[alert.alert_id] = alert.location, alert.severity
        while len(self._labels) > MAX_STARTS:
            del self._labels[next(iter(self._labels))]

    async def as_started(self, alert: Alert) -> Alert:
        """Return an alert that has cleared with the labels of its start; one that fires as it is.

        Raises:
            StoreUnavailableError: the start is not in memory, and the store is unavailable.
            StoreRefusedError: the same, and the store rejects the request.
        """
        if alert.state == FIRING:
            self.note([alert])
            return alert
        if alert.alert_id not in self._labels:
            page = await self._history.alerts(alert.device_id, HISTORY_ALERTS)
            self.note(_valid(page.items))
        location, severity = self._labels.get(alert.alert_id, (alert.location, alert.severity))
        return replace(alert, location=location, severity=severity)


def _valid(documents: Iterable[Mapping[str, Any]]) -> Iterable[Alert]:
    for document in documents:
        try:
            yield parsed(document)
        except MalformedError:
            continue
