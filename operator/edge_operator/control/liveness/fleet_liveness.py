"""Tracks device liveness while this process leads: handles resource events, schedules status writes and Events."""

import contextlib
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from edge_liveness import Transition, Write, WriteKind
from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.cache.resource import CachedDevice, CachedSite
from edge_operator.control.loop.informers import Informers
from edge_operator.control.loop.throttle import Throttle
from edge_operator.control.site_broker.liveness_settings import DEFAULT_TIMERS, LivenessTimers
from edge_operator.control.site_broker.retained_cleanup import RetainedCleanup
from edge_operator.control.site_broker.roster_entry import liveness_fields
from edge_operator.control.site_broker.roster_publisher import RosterPublisher
from edge_operator.status.connectivity import connectivity_update, is_wrong, reported_conditions
from edge_operator.status.device_counts import changed_enough
from edge_operator.status.events import connectivity_events, fault_event
from edge_operator.telemetry.metrics import Metrics
from edge_wire.messages import MalformedError

from .clocks import Clocks
from .device_index import DeviceIndex
from .events import LivenessEvents
from .writer import LivenessWriter


class FleetLiveness:
    """Liveness of all devices.

    Args:
        informers: caches of the resources, and the queue of the sites.
        cleanup: clears retained messages of deleted devices.
        rosters: publishes the device rosters for the gateways.
        writer: writes the status of devices.
        events: writes Events for devices.
        metrics: counts transitions.
        clocks: both clocks.
        timers: timers that are the same for all sites.

    Attributes:
        index: the liveness of each device.
    """

    def __init__(
        self,
        informers: Informers,
        cleanup: RetainedCleanup,
        rosters: RosterPublisher,
        writer: LivenessWriter,
        events: LivenessEvents,
        metrics: Metrics,
        clocks: Clocks,
        timers: LivenessTimers = DEFAULT_TIMERS,
    ) -> None:
        self.index = DeviceIndex(informers.sites, informers.devices, clocks, timers)
        self._informers = informers
        self._cleanup = cleanup
        self._rosters = rosters
        self._writer = writer
        self._events = events
        self._metrics = metrics
        self._clocks = clocks
        self._changed_sites: set[ResourceKey] = set()
        # A reconcile costs time in proportion to the number of devices, and the counts are written no more often.
        self._requeues = Throttle(timers.count_period)

    def site_changed(self, before: CachedSite | None, after: CachedSite | None) -> None:
        """Handle a site that was added, changed or deleted."""
        site = after or before
        if site is None or not _differ(before, after):
            return
        self.index.update_site(site.key)
        if after is None:
            self._events.remove(site.key)
            self._requeues.remove(site.key)
        for device in self._informers.devices.by_site(site.key):
            self._rosters.on_device_changed(device)
            self.schedule_write(device.key)

    def device_changed(self, before: CachedDevice | None, after: CachedDevice | None) -> None:
        """Handle a device that was added, changed or deleted."""
        if _differ(before, after):
            for each in (before, after):
                if each is not None:
                    self._update_id_owner(each)
        elif before is not None and after is not None and liveness_fields(before) != liveness_fields(after):
            self._rosters.on_device_changed(after)
        if after is not None:
            self.schedule_write(
                after.key, edited=before is not None and _reported_fields(before) != _reported_fields(after)
            )
        elif before is not None:
            self._writer.remove(before.key)
            self.index.refresh(before.key)

    def _update_id_owner(self, device: CachedDevice) -> None:
        site, device_id = device.site, device.device_id
        self.index.update_id_owner(site, device_id)
        self._rosters.on_device_changed(device)
        self._changed_sites.add(site)
        owner = self.index.id_owner(site, device_id)
        if owner is None:
            self._cleanup.on_device_deleted(site, device_id)
            return
        adapter = self.index.site(site)
        if (missed := self._cleanup.take_pending(site, device_id)) is not None and adapter is not None:
            # Its message arrived before the event of its EdgeDevice.
            with contextlib.suppress(MalformedError):
                adapter.on_message(missed)
        if owner.key != device.key:
            self.schedule_write(owner.key)

    def tick(self) -> None:
        """Process deadlines that have passed."""
        for key, adapter in self.index:
            transitions, losses = adapter.tick()
            for transition in transitions:
                self._on_transition(key, transition)
            self._on_fault_changes(key, *adapter.fault_changes())
            site = self._informers.sites.get(key)
            for loss in losses:
                if site is not None:
                    self._events.on_mass_disconnect(site, loss.devices)
        self._requeue_changed_counts()

    def missed_window(self) -> None:
        """Ignore silence of the devices up to now, because this process did not receive messages for a while."""
        for _, adapter in self.index:
            adapter.missed_window()

    def schedule_write(self, key: ResourceKey, *, edited: bool = False) -> None:
        """Schedule a status write if the liveness of the device differs from what was reported.

        Args:
            key: the device.
            edited: whether somebody has changed its status, so that it must be compared.
        """
        device, before = self._informers.devices.get(key), self.index.last_reported(key)
        connectivity = self.index.refresh(key)
        if connectivity is None or device is None:
            return
        is_new = before is None or before.state != connectivity.state
        if is_new and before is not None:
            self._metrics.transitions.labels(connectivity.reason).inc()
        is_new |= before is not None and (before.fault is None) != (connectivity.fault is None)
        if (is_new or edited) and _is_reconciled(device) and is_wrong(connectivity, device.status):
            self._writer.changed(key)

    def render_status(self, device: CachedDevice, write: Write[ResourceKey], now: str) -> Mapping[str, Any] | None:
        """Return the status of a device to write; None if nothing changes, or it was not reconciled yet."""
        connectivity = self.index.refresh(device.key)
        if connectivity is None or not _is_reconciled(device):
            return None
        if write.kind is WriteKind.TRANSITION and not is_wrong(connectivity, device.status):
            return None
        return connectivity_update(connectivity, device.status, device.generation, now)

    def _on_transition(self, site: ResourceKey, transition: Transition) -> None:
        owner = self.index.id_owner(site, transition.device_id)
        if owner is None:
            return
        self.schedule_write(owner.key)
        self._changed_sites.add(site)
        # A transition that was reported already deserves its Event.
        connectivity = self.index.last_reported(owner.key)
        for event in () if connectivity is None else connectivity_events(transition, connectivity):
            self._events.on_transition(owner, event)

    def _on_fault_changes(self, site: ResourceKey, new: Collection[str], ended: Iterable[str]) -> None:
        for device_id in (*ended, *new):
            if (owner := self.index.id_owner(site, device_id)) is not None:
                self.schedule_write(owner.key)
                shown = self.index.last_reported(owner.key)
                if device_id in new and shown is not None and shown.fault is not None:
                    self._events.on_transition(owner, fault_event(shown.fault))

    def _requeue_changed_counts(self) -> None:
        changed, self._changed_sites = self._changed_sites, set()
        for key in changed:
            site, counts = self._informers.sites.get(key), self.index.counts(key)
            if site is not None and counts is not None and changed_enough(site.status.get("devices"), counts):
                self._informers.site_queue.add_after(key, self._requeues.wait(key, self._clocks.steady()))


def _differ(before: CachedSite | CachedDevice | None, after: CachedSite | CachedDevice | None) -> bool:
    """Return whether more than the status has changed."""
    if before is None or after is None:
        return True
    return (before.owner_ref, before.generation) != (after.owner_ref, after.generation)


def _reported_fields(device: CachedDevice) -> tuple[object, ...]:
    """Return the fields of a device's status that `is_wrong` compares, and whether it was reconciled."""
    return _is_reconciled(device), *liveness_fields(device), reported_conditions(device.status)


def _is_reconciled(device: CachedDevice) -> bool:
    """Return whether the reconciler has written a status: before that, the two writers would conflict."""
    return "observedGeneration" in device.status
