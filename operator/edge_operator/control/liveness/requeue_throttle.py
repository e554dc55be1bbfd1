"""How often a site is requeued because the counts of its devices have changed. Pure: the time is given."""

from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.status.device_counts import PERIOD_SECONDS


class RequeueThrottle:
    """Limits the requeues of a site after changes of its device counts: the first at once, then one in each period.

    A reconcile costs time in proportion to the number of devices, and the counts are not written more often.

    Args:
        period: least time between two requeues of a site, in seconds.
    """

    def __init__(self, period: float = PERIOD_SECONDS) -> None:
        self._period = period
        self._due: dict[ResourceKey, float] = {}

    def wait(self, site: ResourceKey, now: float) -> float:
        """Return the seconds after which to requeue the site.

        Args:
            site: the site.
            now: time on a monotonic clock, in seconds.
        """
        due = self._due.get(site, now)
        if due <= now:
            self._due[site] = now + self._period
        return max(0.0, due - now)

    def remove(self, site: ResourceKey) -> None:
        """Remove a deleted site."""
        self._due.pop(site, None)
