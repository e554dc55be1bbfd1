"""The lives of all devices during one term of leading: follows the resources, takes what is heard, has it told."""

import contextlib
from collections.abc import Mapping
from typing import Any

from edge_liveness import Phase, SiteEventKind, Transition, Write, WriteKind
from edge_operator.status.connectivity import CONNECTED, has_turned, life_update
from edge_operator.status.figures import moved
from edge_operator.telemetry.metrics import Metrics
from edge_wire.messages import MalformedError

from .clocks import Clocks
from .figures import Pace
from .fleet import Fleet
from .knowledge import Knowledge
from .leftovers import Leftovers
from .life_settings import DEFAULT_TIMERS, LivenessTimers
from .liveness_events import LivenessEvents
from .liveness_writer import LivenessWriter
from .resource import DeviceObject, SiteObject
from .rosters import Rosters
from .store import ResourceKey


class Lives:
    """The lives of all devices.

    Args:
        knowledge: the resources, and the queue of the sites.
        leftovers: clears what deleted devices left behind.
        rosters: tells the gateways of the devices.
        writer: writes.
        events: tells.
        metrics: where transitions are counted.
        clocks: the time.
        timers: those of all sites alike.

    Attributes:
        fleet: what is known of each device.
    """

    def __init__(
        self,
        knowledge: Knowledge,
        leftovers: Leftovers,
        rosters: Rosters,
        writer: LivenessWriter,
        events: LivenessEvents,
        metrics: Metrics,
        clocks: Clocks,
        timers: LivenessTimers = DEFAULT_TIMERS,
    ) -> None:
        self.fleet = Fleet(knowledge.sites, knowledge.devices, clocks, timers)
        self._knowledge = knowledge
        self._leftovers = leftovers
        self._rosters = rosters
        self._writer = writer
        self._events = events
        self._metrics = metrics
        self._clocks = clocks
        self._moved: set[ResourceKey] = set()
        self._pace = Pace(timers.figures_period)

    def site_changed(self, before: SiteObject | None, after: SiteObject | None) -> None:
        """Take note of a site that was added, changed or deleted."""
        site = after or before
        if site is None or not _differ(before, after):
            return
        self.fleet.fit_site(site.key)
        if after is None:
            self._events.forget(site.key)
            self._pace.forget(site.key)
        for device in self._knowledge.devices.of_site(site.key):
            self._rosters.changed(device)
            self.tell(device.key)

    def device_changed(self, before: DeviceObject | None, after: DeviceObject | None) -> None:
        """Take note of a device that was added, changed or deleted."""
        if _differ(before, after):
            for each in (before, after):
                if each is not None:
                    self._fit(each)
        if after is not None:
            self.tell(after.key, edited=before is not None and _told(before) != _told(after))
        elif before is not None:
            self._writer.forget(before.key)
            self.fleet.look(before.key)

    def _fit(self, device: DeviceObject) -> None:
        site, device_id = device.site, device.device_id
        self.fleet.fit(site, device_id)
        self._rosters.changed(device)
        self._moved.add(site)
        holder = self.fleet.holder(site, device_id)
        if holder is None:
            self._leftovers.removed(site, device_id)
            return
        life, missed = self.fleet.site(site), self._leftovers.claimed(site, device_id)
        if life is not None and missed is not None:
            # It spoke before the API server had told of it.
            with contextlib.suppress(MalformedError):
                life.heard(missed)
        if holder.key != device.key:
            self.tell(holder.key)

    def tick(self) -> None:
        """Take that time has gone by."""
        for key, life in self.fleet:
            transitions, events = life.tick()
            for transition in transitions:
                self._turned(key, transition)
            site = self._knowledge.sites.get(key)
            for event in events:
                if event.kind is SiteEventKind.MASS_LAST_WILL and site is not None:
                    self._events.lost_at_once(site, event.devices)
        self._have_figures_told()

    def was_deaf(self) -> None:
        """Take that this process did not listen for a while: silence in it means nothing."""
        for _, life in self.fleet:
            life.was_deaf()

    def tell(self, key: ResourceKey, *, edited: bool = False) -> None:
        """Have a device written if something else is to be told of it than before.

        Args:
            key: the device.
            edited: whether its status was written, by whomever.
        """
        device, before, life = self._knowledge.devices.get(key), self.fleet.told(key), self.fleet.look(key)
        if life is None or device is None:
            return
        is_new = before is None or (before.phase, before.reason, before.since) != (life.phase, life.reason, life.since)
        if is_new and before is not None:
            self._metrics.transitions.labels(life.reason).inc()
        if (is_new or edited) and _is_reconciled(device) and has_turned(life, device.status):
            self._writer.changed(key)

    def say(self, device: DeviceObject, write: Write[ResourceKey], now: str) -> Mapping[str, Any] | None:
        """Return the status of a device that is to be written; None if it says so already, or cannot be told yet."""
        life = self.fleet.look(device.key)
        if life is None or not _is_reconciled(device):
            return None
        if write.kind is WriteKind.TRANSITION and not has_turned(life, device.status):
            return None
        return life_update(life, device.status, device.generation, now)

    def _turned(self, site: ResourceKey, transition: Transition) -> None:
        holder = self.fleet.holder(site, transition.device_id)
        if holder is None:
            return
        self.tell(holder.key)
        self._moved.add(site)
        # What was told before it was asked for here is news all the same; what another has overtaken is none.
        life = self.fleet.told(holder.key)
        is_so = life is not None and (life.phase, life.reason) == (transition.phase, transition.reason)
        if life is not None and is_so and not transition.is_site_wide and _is_news(transition):
            self._events.turned(holder, life, CONNECTED[life.reason].message)

    def _have_figures_told(self) -> None:
        moved_sites, self._moved = self._moved, set()
        for key in moved_sites:
            site, figures = self._knowledge.sites.get(key), self.fleet.figures(key)
            if site is not None and figures is not None and moved(site.status.get("devices"), figures):
                self._knowledge.site_queue.add_after(key, self._pace.wait(key, self._clocks.steady()))


def _differ(before: SiteObject | DeviceObject | None, after: SiteObject | DeviceObject | None) -> bool:
    """Return whether more than the status has changed."""
    if before is None or after is None:
        return True
    return (before.claim, before.generation) != (after.claim, after.generation)


def _told(device: DeviceObject) -> tuple[object, ...]:
    """Return what `has_turned` looks at in a device's status, and whether anything is told of it at all."""
    return _is_reconciled(device), device.status.get("phase"), device.status.get("connectivity")


def _is_reconciled(device: DeviceObject) -> bool:
    """Return whether the reconcile has said something: before that, two writers would only be in each other's way."""
    return "observedGeneration" in device.status


def _is_news(transition: Transition) -> bool:
    """Return whether somebody may want to be told of a transition: a device is lost, or it is there (again)."""
    if transition.phase is Phase.OFFLINE:
        return True
    return transition.phase is Phase.ONLINE and transition.previous in {Phase.OFFLINE, Phase.PENDING}
