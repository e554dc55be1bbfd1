"""Decides when to write the device counts of a site: rarely, and only if they have changed enough."""

from collections.abc import Callable

from edge_operator.control.apply.report import Report
from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.cache.resource import CachedSite
from edge_operator.status.device_counts import PERIOD_SECONDS, DeviceCounts, changed_enough

Count = Callable[[ResourceKey], DeviceCounts | None]
"""Returns the device counts of a site; None while this process does not track it."""


class CountThrottle:
    """Remembers when the device counts of each site were last written.

    Args:
        count: returns the device counts of a site.
        clock: monotonic clock, in seconds.
        period: least time between two writes, in seconds.
    """

    def __init__(self, count: Count, clock: Callable[[], float], period: float = PERIOD_SECONDS) -> None:
        self._count = count
        self._clock = clock
        self._period = period
        self._told_at: dict[ResourceKey, float] = {}

    def changed_enough(self, site: CachedSite) -> bool:
        """Return whether the counts in the site's status are out of date."""
        counted = self._count(site.key)
        return counted is not None and changed_enough(site.status.get("devices"), counted)

    def due(self, site: CachedSite, report: Report) -> DeviceCounts | None:
        """Return the counts to write now; None to keep those in the status, until the requeue added to `report`."""
        if not self.changed_enough(site):
            return None
        # After a restart the time of the last write is unknown: it may have been just now.
        now, are_there = self._clock(), "devices" in site.status
        wait = self._told_at.setdefault(site.key, now) + self._period - now if are_there else 0.0
        if wait > 0:
            report.requeue(wait)
            return None
        self._told_at[site.key] = now
        return self._count(site.key)

    def remove(self, site: ResourceKey) -> None:
        """Remove a deleted site."""
        self._told_at.pop(site, None)
