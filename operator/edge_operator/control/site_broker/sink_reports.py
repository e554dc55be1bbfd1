"""What the sites' processors report about their sinks, in their status."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.telemetry.metrics import Metrics
from edge_wire.messages import PROCESSOR, ComponentStatus
from edge_wire.messages.sinks import MEMBER, SinkReport, sink_reports

HOLD_SECONDS = 10.0
"""Minimum time between two changes of a sink's connection that are shown: each is a write of the status and an Event.

It is doubled, up to `MAX_HOLD_SECONDS`, while a change follows soon after it.
"""
MAX_HOLD_SECONDS = 60.0

UNDECIDED_SECONDS = 30.0
"""Time for which a connection stays as it was while a processor that has just started makes its first attempt."""


@dataclass(slots=True)
class _Hold:
    """How long the connection of a sink is shown.

    Attributes:
        until: time on the monotonic clock until which it is shown, in seconds.
        seconds: time for which it is held.
    """

    until: float = 0.0
    seconds: float = HOLD_SECONDS

    def renew(self, now: float) -> None:
        """Hold another connection; longer if the one before was held until lately.

        Args:
            now: time on the monotonic clock, in seconds.
        """
        is_soon = now < self.until + self.seconds
        self.seconds = min(2 * self.seconds, MAX_HOLD_SECONDS) if is_soon else HOLD_SECONDS
        self.until = now + self.seconds


@dataclass(slots=True)
class _Seen:
    """Reports of one site.

    Attributes:
        reported: the last report.
        instance: the processor that sent it.
        latest: the last report, with the earlier connection of each sink of which no attempt has ended yet.
        shown: the report with the connections that are shown.
        holds: by name of a sink, how long its connection is shown.
        instances: by name of a sink, the processor that last attempted to reach it.
        undecided: by name of a sink, until when the end of a first attempt is awaited: monotonic, in seconds.
    """

    reported: tuple[SinkReport, ...] = ()
    instance: str = ""
    latest: tuple[SinkReport, ...] = ()
    shown: tuple[SinkReport, ...] = ()
    holds: dict[str, _Hold] = field(default_factory=dict)
    instances: dict[str, str] = field(default_factory=dict)
    undecided: dict[str, float] = field(default_factory=dict)

    def decide(self, now: float) -> bool:
        """Set the latest report, and return whether it or the time of its next change differs.

        Args:
            now: time on the monotonic clock, in seconds.
        """
        was, before, decided = (self.latest, set(self.undecided)), {each.name: each for each in self.latest}, []
        for each in self.reported:
            if self._is_decided(each, now):
                self.instances[each.name] = self.instance
                self.undecided.pop(each.name, None)
                decided.append(each)
            elif (known := before.get(each.name)) is not None:
                decided.append(replace(each, connected=known.connected, last_error=known.last_error))
        self.latest = tuple(decided)
        return was != (self.latest, set(self.undecided))

    def _is_decided(self, report: SinkReport, now: float) -> bool:
        if report.connected or report.last_error or self.instances.get(report.name) == self.instance:
            return True
        return now >= self.undecided.setdefault(report.name, now + UNDECIDED_SECONDS)

    def show(self, now: float) -> float:
        """Set the report to show, and return the seconds until another one is shown; 0 if none waits.

        Args:
            now: time on the monotonic clock, in seconds.
        """
        before, shown = {each.name: each for each in self.shown}, []
        waits = [until - now for until in self.undecided.values()]
        for each in self.latest:
            present, hold = before.get(each.name, each), self.holds.setdefault(each.name, _Hold())
            if present.connected != each.connected and now < hold.until:
                shown.append(present)
                waits.append(hold.until - now)
                continue
            if present.connected != each.connected:
                hold.renew(now)
            shown.append(each)
        self.shown = tuple(shown)
        return min(waits, default=0.0)


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
        reports, is_first = sink_reports(status.extra[MEMBER]), site not in self._seen
        seen = self._seen.setdefault(site, _Seen())
        seen.reported, seen.instance = reports, status.instance
        has_changed = self._decide(site, seen)
        if is_first:
            seen.shown = seen.latest
        if has_changed or is_first:
            self._enqueue(site)

    def get(self, site: ResourceKey) -> tuple[tuple[SinkReport, ...] | None, float]:
        """Return the reports of a site to show, and the seconds until newer ones are shown; None before the first."""
        seen = self._seen.get(site)
        if seen is None:
            return None, 0.0
        self._decide(site, seen)
        wait_seconds = seen.show(self._clock())
        return seen.shown, wait_seconds

    def _decide(self, site: ResourceKey, seen: _Seen) -> bool:
        before = seen.latest
        if not seen.decide(self._clock()):
            return False
        self._remove_metrics(site, before)
        for each in seen.latest:
            self._metrics.sink_connected.labels(*site, each.name).set(each.connected)
            self._metrics.sink_pending.labels(*site, each.name).set(each.pending)
        return True

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
