"""Keeps what is known of every device's life while this process leads, and has it told."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from edge_liveness import TICK_SECONDS, Lateness, Phase, StatusWrites, Write
from edge_operator.broker.sessions import BrokerSessions
from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.cache.resource import DeviceObject, SiteObject
from edge_operator.control.loop.informers import Knowledge
from edge_operator.control.site_broker.drops import BrokerDrops
from edge_operator.control.site_broker.liveness_settings import DEFAULT_TIMERS, LivenessTimers
from edge_operator.control.site_broker.retained_cleanup import Leftovers
from edge_operator.control.site_broker.roster_publisher import Rosters
from edge_operator.status.figures import DeviceFigures
from edge_operator.telemetry.metrics import Metrics

from .clocks import Clocks
from .events import LivenessEvents
from .fleet_liveness import Lives
from .message_handler import BrokerEar
from .writer import LivenessWriter


class LivenessKeeper:
    """Keeps the lives of all devices from `lead` to `stand_down`; one clock ticks for all of them.

    Args:
        knowledge: the resources, and the queue of the sites.
        sessions: the way to the brokers.
        leftovers: clears what deleted devices left behind.
        rosters: tells the gateways of the devices.
        writes: when which device is written.
        writer: writes.
        events: tells.
        drops: takes what the brokers have dropped.
        metrics: where messages and transitions are counted.
        clocks: the time.
        timers: those of all sites alike.
    """

    def __init__(
        self,
        knowledge: Knowledge,
        sessions: BrokerSessions,
        leftovers: Leftovers,
        rosters: Rosters,
        writes: StatusWrites[ResourceKey],
        writer: LivenessWriter,
        events: LivenessEvents,
        drops: BrokerDrops,
        metrics: Metrics,
        clocks: Clocks,
        timers: LivenessTimers = DEFAULT_TIMERS,
    ) -> None:
        self._knowledge = knowledge
        self._sessions = sessions
        self._leftovers = leftovers
        self._rosters = rosters
        self._writes = writes
        self._writer = writer
        self._events = events
        self._drops = drops
        self._metrics = metrics
        self._clocks = clocks
        self._timers = timers
        self._lives: Lives | None = None

    async def run(self, leading: Callable[[], bool], displaced: Callable[[], bool]) -> None:
        """Keep the lives while this process leads, until cancelled.

        Args:
            leading: whether this process leads.
            displaced: whether another one does. Where neither does, what is known is kept: nobody knows it better.
        """
        lateness = Lateness()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._writer.run(self._say))
            group.create_task(self._events.run())
            while True:
                if self._lives is None and leading():
                    self.lead()
                elif self._lives is not None and displaced():
                    self.stand_down()
                due = self._clocks.steady() + TICK_SECONDS
                await asyncio.sleep(TICK_SECONDS)
                skip_tick = lateness.skip_tick(self._clocks.steady() - due)
                if lateness.missed_window and self._lives is not None:
                    self._lives.missed_window()
                if not skip_tick:
                    self._tick(leads=leading())

    def lead(self) -> None:
        """Begin: what the devices' status says stands until something else is heard."""
        knowledge, now = self._knowledge, self._clocks.steady()
        lives = self._lives = Lives(
            knowledge,
            self._leftovers,
            self._rosters,
            self._writer,
            self._events,
            self._metrics,
            self._clocks,
            self._timers,
        )
        written = {key: self._last_written(key, now) for key in knowledge.devices}
        for key, at in sorted(written.items(), key=lambda each: each[1]):
            self._writes.track(key, at)
            lives.tell(key, edited=True)
        queue = knowledge.site_queue
        ear = BrokerEar(
            lives.fleet, self._sessions, self._leftovers, self._rosters, queue.add, self._drops, self._metrics
        )
        self._sessions.open(ear)
        for site in knowledge.sites:
            queue.add(site)

    def stand_down(self) -> None:
        """End: another process knows better from now on."""
        self._lives = None
        self._sessions.leave_all()
        self._events.clear()
        self._leftovers.clear()
        self._rosters.clear()
        self._drops.clear()
        for key in self._knowledge.devices:
            self._writes.forget(key)

    def site_changed(self, before: SiteObject | None, after: SiteObject | None) -> None:
        """Take note of a site that was added, changed or deleted."""
        if self._lives is not None:
            self._lives.site_changed(before, after)

    def device_changed(self, before: DeviceObject | None, after: DeviceObject | None) -> None:
        """Take note of a device that was added, changed or deleted."""
        if self._lives is not None:
            self._lives.device_changed(before, after)

    def figures(self, site: ResourceKey) -> DeviceFigures | None:
        """Count the devices of a site; None while this process does not lead."""
        return None if self._lives is None else self._lives.fleet.figures(site)

    def show(self, metrics: Metrics) -> None:
        """Bring the gauges up to date."""
        phases = self._lives.fleet.phases if self._lives is not None else {}
        for phase in Phase:
            metrics.device_phases.labels(phase.value).set(phases.get(phase.value, 0))
        metrics.liveness_queue.set(len(self._writes))
        suppressed = self._writes.suppressed
        metrics.liveness_held_back.labels("transition").set(suppressed.transitions)
        metrics.liveness_held_back.labels("refresh").set(suppressed.refreshes)
        metrics.liveness_held_back.labels("event").set(self._events.summed_up)

    def _tick(self, *, leads: bool) -> None:
        if self._lives is None:
            return
        self._events.decide(self._clocks.steady())
        self._lives.tick()
        if leads:
            self._leftovers.sweep()
            self._rosters.sweep()

    def _say(self, device: DeviceObject, write: Write[ResourceKey], now: str) -> Mapping[str, Any] | None:
        return None if self._lives is None else self._lives.say(device, write, now)

    def _last_written(self, key: ResourceKey, now: float) -> float:
        device = self._knowledge.devices.get(key)
        told = (device.status.get("connectivity") or {}) if device is not None else {}
        seen = self._clocks.at(told.get("lastSeenTime"))
        return now if seen is None else min(seen, now)
