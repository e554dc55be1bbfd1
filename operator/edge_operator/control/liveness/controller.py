"""Runs the liveness of all devices while this process leads."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from edge_liveness import TICK_SECONDS, Lateness, Phase, StatusWrites, Write
from edge_operator.broker.sessions import BrokerSessions
from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.cache.resource import CachedDevice, CachedSite
from edge_operator.control.loop.informers import Informers
from edge_operator.control.site_broker.liveness_settings import DEFAULT_TIMERS, LivenessTimers
from edge_operator.control.site_broker.retained_cleanup import RetainedCleanup
from edge_operator.control.site_broker.roster_publisher import RosterPublisher
from edge_operator.control.site_broker.site_topics import SiteTopics
from edge_operator.status.device_counts import DeviceCounts
from edge_operator.telemetry.metrics import Metrics

from .clocks import Clocks
from .events import LivenessEvents
from .fleet_liveness import FleetLiveness
from .message_handler import BrokerMessageHandler
from .writer import LivenessWriter


class LivenessController:
    """Tracks the liveness of all devices from `start` to `stop`; one timer ticks for all of them.

    Args:
        informers: caches of the resources, and the queue of the sites.
        sessions: the sessions with the brokers.
        cleanup: clears retained messages of deleted devices.
        rosters: publishes the device rosters for the gateways.
        writes: schedule of the status writes.
        writer: writes the status of devices.
        events: writes Events for devices.
        site_topics: facts that topics of the brokers report.
        metrics: counts messages and transitions.
        clocks: both clocks.
        timers: timers that are the same for all sites.
    """

    def __init__(
        self,
        informers: Informers,
        sessions: BrokerSessions,
        cleanup: RetainedCleanup,
        rosters: RosterPublisher,
        writes: StatusWrites[ResourceKey],
        writer: LivenessWriter,
        events: LivenessEvents,
        site_topics: SiteTopics,
        metrics: Metrics,
        clocks: Clocks,
        timers: LivenessTimers = DEFAULT_TIMERS,
    ) -> None:
        self._informers = informers
        self._sessions = sessions
        self._cleanup = cleanup
        self._rosters = rosters
        self._writes = writes
        self._writer = writer
        self._events = events
        self._site_topics = site_topics
        self._metrics = metrics
        self._clocks = clocks
        self._timers = timers
        self._fleet: FleetLiveness | None = None

    async def run(self, leading: Callable[[], bool], lost_to_other: Callable[[], bool]) -> None:
        """Track liveness while this process leads, until cancelled.

        Args:
            leading: returns whether this process leads.
            lost_to_other: returns whether another process leads. If nobody leads, the state is kept, because nobody has
                a better one.
        """
        lateness = Lateness()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._writer.run(self._render))
            group.create_task(self._events.run())
            while True:
                if self._fleet is None and leading():
                    self.start()
                elif self._fleet is not None and lost_to_other():
                    self.stop()
                due = self._clocks.steady() + TICK_SECONDS
                await asyncio.sleep(TICK_SECONDS)
                skip_tick = lateness.skip_tick(self._clocks.steady() - due)
                if lateness.missed_window and self._fleet is not None:
                    self._fleet.missed_window()
                if not skip_tick:
                    self._tick(leads=leading())

    def start(self) -> None:
        """Start from the status of the devices, and let sessions with the brokers begin."""
        informers, now = self._informers, self._clocks.steady()
        fleet = self._fleet = FleetLiveness(
            informers,
            self._cleanup,
            self._rosters,
            self._writer,
            self._events,
            self._metrics,
            self._clocks,
            self._timers,
        )
        written = {key: self._last_written(key, now) for key in informers.devices}
        for key, at in sorted(written.items(), key=lambda each: each[1]):
            self._writes.track(key, at)
            fleet.schedule_write(key, edited=True)
        queue = informers.site_queue
        handler = BrokerMessageHandler(
            fleet.index, self._sessions, self._cleanup, self._rosters, queue.add, self._site_topics, self._metrics
        )
        self._sessions.start(handler)
        for site in informers.sites:
            queue.add(site)

    def stop(self) -> None:
        """Close all sessions and remove the state, because another process leads now."""
        self._fleet = None
        self._sessions.close_all()
        self._events.clear()
        self._cleanup.clear()
        self._rosters.clear()
        self._site_topics.clear()
        for key in self._informers.devices:
            self._writes.forget(key)

    def site_changed(self, before: CachedSite | None, after: CachedSite | None) -> None:
        """Handle a site that was added, changed or deleted."""
        if self._fleet is not None:
            self._fleet.site_changed(before, after)

    def device_changed(self, before: CachedDevice | None, after: CachedDevice | None) -> None:
        """Handle a device that was added, changed or deleted."""
        if self._fleet is not None:
            self._fleet.device_changed(before, after)

    def counts(self, site: ResourceKey) -> DeviceCounts | None:
        """Return the device counts of a site; None while this process does not lead."""
        return None if self._fleet is None else self._fleet.index.counts(site)

    def update_gauges(self, metrics: Metrics) -> None:
        """Update the gauges."""
        phases = self._fleet.index.phases if self._fleet is not None else {}
        for phase in Phase:
            metrics.device_phases.labels(phase.value).set(phases.get(phase.value, 0))
        metrics.liveness_queue.set(len(self._writes))
        suppressed = self._writes.suppressed
        metrics.liveness_held_back.labels("transition").set(suppressed.transitions)
        metrics.liveness_held_back.labels("refresh").set(suppressed.refreshes)
        metrics.liveness_held_back.labels("event").set(self._events.summarized)

    def _tick(self, *, leads: bool) -> None:
        if self._fleet is None:
            return
        self._events.flush(self._clocks.steady())
        self._fleet.tick()
        if leads:
            self._cleanup.sweep()
            self._rosters.sweep()

    def _render(self, device: CachedDevice, write: Write[ResourceKey], now: str) -> Mapping[str, Any] | None:
        return None if self._fleet is None else self._fleet.render_status(device, write, now)

    def _last_written(self, key: ResourceKey, now: float) -> float:
        device = self._informers.devices.get(key)
        stored = (device.status.get("connectivity") or {}) if device is not None else {}
        seen = self._clocks.at(stored.get("lastSeenTime"))
        return now if seen is None else min(seen, now)
