"""Events for devices that go online or offline, limited so that a fleet does not crowd out other Events."""

import asyncio
from dataclasses import dataclass

from edge_liveness import EventBudget
from edge_operator.control.apply.events import Events
from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.cache.resource import CachedDevice, CachedSite, Resource
from edge_operator.control.cache.resource_cache import SiteCache
from edge_operator.status import reasons
from edge_operator.status.connectivity import Connectivity

WARNINGS = frozenset({reasons.LAST_WILL, reasons.HEARTBEAT_EXPIRED})
"""Reasons that somebody may have to act on."""


@dataclass(frozen=True, slots=True)
class _Event:
    """An Event of a site, or of one of its devices."""

    resource: Resource
    site: ResourceKey
    severity: str
    reason: str
    note: str


class LivenessEvents:
    """Decides which Events of devices are written, and writes them independently of the status.

    Args:
        budget: limits the Events.
        events: writes Events.
        sites: cache of the sites, which summaries refer to.

    Attributes:
        summarized: number of transitions that only a summary contains.
    """

    def __init__(self, budget: EventBudget[ResourceKey], events: Events, sites: SiteCache) -> None:
        self.summarized = 0
        self._budget = budget
        self._events = events
        self._sites = sites
        self._transitions: list[_Event] = []
        self._ready: asyncio.Queue[_Event] = asyncio.Queue()

    def on_transition(self, device: CachedDevice, connectivity: Connectivity, message: str) -> None:
        """Handle a device that went online or offline."""
        severity = "Warning" if connectivity.reason in WARNINGS else "Normal"
        self._transitions.append(
            _Event(device, device.site, severity, connectivity.reason, f"{connectivity.phase}: {message}")
        )

    def on_mass_disconnect(self, site: CachedSite, devices: int) -> None:
        """Handle the loss of many devices of a site at once."""
        note = (
            f"{devices} devices lost their connections at the same time: check the gateway and the network of the site"
        )
        self._ready.put_nowait(_Event(site, site.key, "Warning", reasons.MASS_LAST_WILL, note))

    def flush(self, at: float) -> None:
        """Queue the Events within the budget: single ones, and a summary for each site that had too many.

        `at` is now, in seconds of the budget's clock. Transitions come first: an Event is decided on after the writes
        that were scheduled before it.
        """
        turned, self._transitions = self._transitions, []
        for event in turned:
            if self._budget.offer(event.site, event.reason, at):
                self._ready.put_nowait(event)
            else:
                self.summarized += 1
        for summary in self._budget.summaries(at):
            site = self._sites.get(summary.site)
            if site is None:
                continue
            counts = sorted(summary.counts.items())
            note = "more devices: " + ", ".join(f"{count} {reason}" for reason, count in counts)
            severity = "Warning" if WARNINGS & summary.counts.keys() else "Normal"
            self._ready.put_nowait(_Event(site, site.key, severity, reasons.DEVICES_CHANGED, note))

    def remove(self, site: ResourceKey) -> None:
        """Remove a deleted site."""
        self._budget.forget(site)

    def clear(self) -> None:
        """Remove all pending Events, because another process leads now."""
        self._transitions.clear()
        while not self._ready.empty():
            self._ready.get_nowait()

    async def run(self) -> None:
        """Write Events until cancelled."""
        while True:
            event = await self._ready.get()
            await self._events.post(event.resource, event.severity, event.reason, event.note)
