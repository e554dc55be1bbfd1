"""Decides when to write the device counts of a site: rarely, and only if they have changed enough."""

from collections.abc import Callable

from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.cache.resource import CachedSite
from edge_operator.control.loop.throttle import Throttle
from edge_operator.status.device_counts import PERIOD_SECONDS, DeviceCounts, changed_enough

Count = Callable[[ResourceKey], DeviceCounts | None]
"""Returns the device counts of a site; None while this process does not track it."""


class DueCounts:
    """Device counts that are due to be written.

    Args:
        count: returns the device counts of a site.
        clock: monotonic clock, in seconds.
        period: least time between two writes, in seconds.
    """

    def __init__(self, count: Count, clock: Callable[[], float], period: float = PERIOD_SECONDS) -> None:
        self._count = count
        self._clock = clock
        self._throttle = Throttle(period)

    def next_counts(self, site: CachedSite) -> tuple[DeviceCounts | None, float | None]:
        """Return the counts to write now, and the seconds until the next ones can be written; None for neither.

        The caller must write the returned counts: the interval to the next write starts now.
        """
        counts = self._count(site.key)
        if counts is None or not changed_enough(site.status.get("devices"), counts):
            return None, None
        # After a restart the time of the last write is unknown: it may have been just now.
        first = self._throttle.period
        if "devices" not in site.status:
            self._throttle.remove(site.key)
            first = 0.0
        wait = self._throttle.wait(site.key, self._clock(), first)
        return (None, wait) if wait > 0 else (counts, None)

    def remove(self, site: ResourceKey) -> None:
        """Remove a deleted site."""
        self._throttle.remove(site)
