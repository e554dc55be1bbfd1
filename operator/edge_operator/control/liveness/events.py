"""Events for devices that go online or offline, limited so that a fleet does not crowd out other Events."""

import asyncio
from dataclasses import dataclass

from edge_liveness import EventBudget
from edge_operator.control.apply.events import Events
from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.cache.resource import CachedDevice, CachedSite, Resource
from edge_operator.control.cache.resource_cache import SiteCache
from edge_operator.status.events import Event, mass_disconnect_event, summary_event


@dataclass(frozen=True, slots=True)
class _Pending:
    """An Event that waits to be written, about a site or one of its devices."""

    resource: Resource
    site: ResourceKey
    event: Event


class LivenessEvents:
    """Limits the Events of devices, and writes them independently of the status.

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
        self._transitions: list[_Pending] = []
        self._ready: asyncio.Queue[_Pending] = asyncio.Queue()

    def on_transition(self, device: CachedDevice, event: Event) -> None:
        """Handle the Event of a device that went online or offline."""
        self._transitions.append(_Pending(device, device.site, event))

    def on_mass_disconnect(self, site: CachedSite, devices: int) -> None:
        """Handle the loss of many devices of a site at once."""
        self._ready.put_nowait(_Pending(site, site.key, mass_disconnect_event(devices)))

    def flush(self, at: float) -> None:
        """Queue the Events within the budget: single ones, and a summary for each site that had too many.

        `at` is now, in seconds of the budget's clock. Transitions come first: an Event is decided on after the writes
        that were scheduled before it.
        """
        turned, self._transitions = self._transitions, []
        for pending in turned:
            if self._budget.offer(pending.site, pending.event.reason, at):
                self._ready.put_nowait(pending)
            else:
                self.summarized += 1
        for summary in self._budget.summaries(at):
            if (site := self._sites.get(summary.site)) is not None:
                self._ready.put_nowait(_Pending(site, site.key, summary_event(summary.counts)))

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
            pending = await self._ready.get()
            await self._events.post(pending.resource, pending.event)
