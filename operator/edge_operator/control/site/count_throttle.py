"""When the figures of a site's devices are written: seldom, and only if they have moved."""

from collections.abc import Callable

from edge_operator.control.apply.report import Report
from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.cache.resource import CachedSite
from edge_operator.status.figures import PERIOD_SECONDS, DeviceFigures, moved

Count = Callable[[ResourceKey], DeviceFigures | None]
"""Counts the devices of a site; None while nobody listens to it."""


class Figures:
    """Remembers when each site's figures were written last.

    Args:
        count: counts the devices of a site.
        clock: seconds on a clock that never goes back.
        period: the least time between two writes, in seconds.
    """

    def __init__(self, count: Count, clock: Callable[[], float], period: float = PERIOD_SECONDS) -> None:
        self._count = count
        self._clock = clock
        self._period = period
        self._told_at: dict[ResourceKey, float] = {}

    def have_moved(self, site: CachedSite) -> bool:
        """Return whether the site's status tells figures that are out of date."""
        counted = self._count(site.key)
        return counted is not None and moved(site.status.get("devices"), counted)

    def due(self, site: CachedSite, report: Report) -> DeviceFigures | None:
        """Return the figures to write now; None to leave those that are told, until the pass that `report` asks for."""
        if not self.have_moved(site):
            return None
        # Who wrote the figures that are there is not known after a restart: just now, perhaps.
        now, are_there = self._clock(), "devices" in site.status
        wait = self._told_at.setdefault(site.key, now) + self._period - now if are_there else 0.0
        if wait > 0:
            report.requeue(wait)
            return None
        self._told_at[site.key] = now
        return self._count(site.key)

    def remove(self, site: ResourceKey) -> None:
        """Forget a site that is gone."""
        self._told_at.pop(site, None)
