"""What the sites' processors report about their sinks, in their status."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace

from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.telemetry.metrics import Metrics
from edge_wire.messages import PROCESSOR, ComponentStatus
from edge_wire.messages.sinks import MEMBER, SinkReport, sink_reports

HOLD_SECONDS = 10.0
"""Minimum time between two changes of connections that are shown: each is a write of the status and an Event."""

IN_DELIVERY_SECONDS = 30.0
"""Readings that a connected sink received within this time are being delivered: they do not wait."""


@dataclass(slots=True)
class _Seen:
    """Reports of one site.

    Attributes:
        latest: the last report.
        shown: the report with the connections that are shown.
        held_until: time on the monotonic clock until which these connections are shown, in seconds.
    """

    latest: tuple[SinkReport, ...]
    shown: tuple[SinkReport, ...]
    held_until: float = 0.0


class SinkReports:
    """Stores the last report of each site.

    A sink that connects and disconnects all the time changes the status at most every `HOLD_SECONDS`.

    Args:
        metrics: shows the reports.
        enqueue: enqueues a site.
        clock: monotonic clock, in seconds.
    """

    def __init__(self, metrics: Metrics, enqueue: Callable[[ResourceKey], None], clock: Callable[[], float]) -> None:
        self._metrics = metrics
        self._enqueue = enqueue
        self._clock = clock
        self._seen: dict[ResourceKey, _Seen] = {}

    def record(self, site: ResourceKey, status: ComponentStatus) -> None:
        """Record the reports in the status of a processor; other components, and older releases, report nothing.

        The status of a processor that is offline may be its will, which is as old as its connection.

        Raises:
            MalformedError: a report is malformed.
        """
        if status.component != PROCESSOR or status.status != "online" or MEMBER not in status.extra:
            return
        reports = tuple(_settled(each, status.timestamp) for each in sink_reports(status.extra[MEMBER]))
        seen = self._seen.get(site)
        if seen is None:
            self._seen[site] = _Seen(reports, reports)
        elif seen.latest == reports:
            return
        else:
            self._remove_metrics(site, seen.latest)
            seen.latest = reports
        for each in reports:
            self._metrics.sink_connected.labels(*site, each.name).set(each.connected)
            self._metrics.sink_pending.labels(*site, each.name).set(each.pending)
        self._enqueue(site)

    def get(self, site: ResourceKey) -> tuple[tuple[SinkReport, ...] | None, float]:
        """Return the reports of a site to show, and the seconds until newer ones are shown; None before the first."""
        seen = self._seen.get(site)
        if seen is None:
            return None, 0.0
        if _is_flip(seen.shown, seen.latest):
            now = self._clock()
            if now < seen.held_until:
                return seen.shown, seen.held_until - now
            seen.held_until = now + HOLD_SECONDS
        seen.shown = seen.latest
        return seen.shown, 0.0

    def remove(self, site: ResourceKey) -> None:
        """Remove a deleted site."""
        if (seen := self._seen.pop(site, None)) is not None:
            self._remove_metrics(site, seen.latest)

    def clear(self) -> None:
        """Remove all sites, because another process leads now."""
        for site in tuple(self._seen):
            self.remove(site)

    def _remove_metrics(self, site: ResourceKey, reports: tuple[SinkReport, ...]) -> None:
        for each in reports:
            self._metrics.sink_connected.remove(*site, each.name)
            self._metrics.sink_pending.remove(*site, each.name)


def _settled(report: SinkReport, now: dt.datetime | None) -> SinkReport:
    """Return the report without what is being delivered at this moment."""
    oldest = report.oldest_pending_time
    if not report.connected or oldest is None or now is None:
        return report
    if (now - oldest).total_seconds() > IN_DELIVERY_SECONDS:
        return report
    return replace(report, pending=0, oldest_pending_time=None)


def _is_flip(shown: tuple[SinkReport, ...], latest: tuple[SinkReport, ...]) -> bool:
    """Return whether a sink of both reports is connected in one of them only."""
    before = {each.name: each.connected for each in shown}
    return any(before.get(each.name, each.connected) != each.connected for each in latest)
