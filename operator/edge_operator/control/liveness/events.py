"""Tells of devices that come and go: Events, few enough that a fleet's do not drown the others."""

import asyncio
from dataclasses import dataclass

from edge_liveness import EventBudget
from edge_operator.control.apply.events import Events
from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.cache.resource import CachedDevice, CachedSite, Resource
from edge_operator.control.cache.resource_cache import SiteCache
from edge_operator.status.connectivity import Life

SUMMARY = "DevicesChanged"
WARNINGS = frozenset({"LastWill", "HeartbeatExpired"})
"""Reasons that somebody may have to do something about."""


@dataclass(frozen=True, slots=True)
class _Event:
    """An Event of a site, or of one of its devices."""

    resource: Resource
    site: ResourceKey
    severity: str
    reason: str
    note: str


class LivenessEvents:
    """Decides which Events of devices are written, and writes them beside everything else.

    Args:
        budget: how many there may be.
        events: writes them.
        sites: the sites, which a summary is about.

    Attributes:
        summed_up: how many devices were told of in summaries alone.
    """

    def __init__(self, budget: EventBudget[ResourceKey], events: Events, sites: SiteCache) -> None:
        self.summed_up = 0
        self._budget = budget
        self._events = events
        self._sites = sites
        self._turned: list[_Event] = []
        self._ready: asyncio.Queue[_Event] = asyncio.Queue()

    def turned(self, device: CachedDevice, life: Life, message: str) -> None:
        """Take that a device has come or gone."""
        severity = "Warning" if life.reason in WARNINGS else "Normal"
        self._turned.append(_Event(device, device.site, severity, life.reason, f"{life.phase}: {message}"))

    def lost_at_once(self, site: CachedSite, devices: int) -> None:
        """Take that many devices of a site were lost at once."""
        note = (
            f"{devices} devices lost their connections at the same time: check the gateway and the network of the site"
        )
        self._ready.put_nowait(_Event(site, site.key, "Warning", "MassLastWill", note))

    def decide(self, at: float) -> None:
        """Have written what there is time for: single Events, and a summary of each site where they were too many.

        Transitions come first: an Event is decided on when the writes that came before it are out.
        """
        turned, self._turned = self._turned, []
        for event in turned:
            if self._budget.offer(event.site, event.reason, at):
                self._ready.put_nowait(event)
            else:
                self.summed_up += 1
        for summary in self._budget.summaries(at):
            site = self._sites.get(summary.site)
            if site is None:
                continue
            counts = sorted(summary.counts.items())
            note = "more devices: " + ", ".join(f"{count} {reason}" for reason, count in counts)
            severity = "Warning" if WARNINGS & summary.counts.keys() else "Normal"
            self._ready.put_nowait(_Event(site, site.key, severity, SUMMARY, note))

    def remove(self, site: ResourceKey) -> None:
        """Forget a site that is gone."""
        self._budget.forget(site)

    def clear(self) -> None:
        """Forget what was to be told: another process tells now."""
        self._turned.clear()
        while not self._ready.empty():
            self._ready.get_nowait()

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            event = await self._ready.get()
            await self._events.post(event.resource, event.severity, event.reason, event.note)
