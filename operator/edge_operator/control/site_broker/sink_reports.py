"""What the sites' processors report about their sinks, in their status."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.telemetry.metrics import Metrics
from edge_wire.messages import PROCESSOR, ComponentStatus
from edge_wire.messages.sinks import MEMBER, SinkReport, sink_reports

HOLD_SECONDS = 10.0
"""Minimum time between two changes of connections that are shown: each is a write of the status and an Event.

It is doubled, up to `MAX_HOLD_SECONDS`, while a change follows soon after it.
"""
MAX_HOLD_SECONDS = 60.0


@dataclass(slots=True)
class _Seen:
    """Reports of one site.

    Attributes:
        latest: the last report, without the sinks of which no attempt has ended yet.
        shown: the report with the connections that are shown.
        held_until: time on the monotonic clock until which these connections are shown, in seconds.
        hold_seconds: time for which they are held.
        instances: by name of a sink, the processor that last attempted to reach it.
    """

    latest: tuple[SinkReport, ...] = ()
    shown: tuple[SinkReport, ...] = ()
    held_until: float = 0.0
    hold_seconds: float = HOLD_SECONDS
    instances: dict[str, str] = field(default_factory=dict)

    def decided(self, reports: Iterable[SinkReport], instance: str) -> tuple[SinkReport, ...]:
        """Return the reports; the connection of a sink stays while a processor that has just started connects to it.

        Args:
            reports: the reports of the processor.
            instance: its name.
        """
        before, decided = {each.name: each for each in self.latest}, []
        for each in reports:
            if each.connected or each.last_error or self.instances.get(each.name) == instance:
                self.instances[each.name] = instance
                decided.append(each)
            elif (known := before.get(each.name)) is not None:
                decided.append(replace(each, connected=known.connected, last_error=known.last_error))
        return tuple(decided)

    def hold(self, now: float) -> None:
        """Hold the connections of the latest report; longer if those before were held until lately.

        Args:
            now: time on the monotonic clock, in seconds.
        """
        is_soon = now < self.held_until + self.hold_seconds
        self.hold_seconds = min(2 * self.hold_seconds, MAX_HOLD_SECONDS) if is_soon else HOLD_SECONDS
        self.held_until = now + self.hold_seconds


class SinkReports:
    """Stores the last report of each site.

    A sink that connects and disconnects all the time changes the status at most every `MAX_HOLD_SECONDS`.

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
        reports = sink_reports(status.extra[MEMBER])
        seen = self._seen.get(site)
        if seen is None:
            seen = self._seen[site] = _Seen()
            seen.latest = seen.shown = seen.decided(reports, status.instance)
        else:
            reports = seen.decided(reports, status.instance)
            if reports == seen.latest:
                return
            self._remove_metrics(site, seen.latest)
            seen.latest = reports
        for each in seen.latest:
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
            seen.hold(now)
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


def _is_flip(shown: tuple[SinkReport, ...], latest: tuple[SinkReport, ...]) -> bool:
    """Return whether a sink of both reports is connected in one of them only."""
    before = {each.name: each.connected for each in shown}
    return any(before.get(each.name, each.connected) != each.connected for each in latest)
