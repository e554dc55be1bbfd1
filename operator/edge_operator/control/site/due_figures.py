"""Decides when to write the figures of a site: rarely, and only if they have changed enough."""

from collections.abc import Callable
from dataclasses import replace

from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.cache.resource import CachedSite
from edge_operator.control.loop.throttle import Throttle
from edge_operator.status.device_counts import PERIOD_SECONDS, DeviceCounts, changed_enough
from edge_operator.status.facts import SiteFacts
from edge_operator.status.sinks import sink_errors_changed
from edge_operator.status.site import figures_changed_enough

ERROR_SECONDS = 300.0
"""Least time after which an error of a sink is written if nothing else has changed: errors may differ each time."""

Count = Callable[[ResourceKey], DeviceCounts | None]
"""Returns the device counts of a site; None while this process does not track it."""


class DueFigures:
    """Figures that are due to be written: device counts, sinks, store. All of a site have one interval.

    Args:
        count: returns the device counts of a site.
        clock: monotonic clock, in seconds.
        period: least time between two writes, in seconds.
    """

    def __init__(self, count: Count, clock: Callable[[], float], period: float = PERIOD_SECONDS) -> None:
        self._count = count
        self._clock = clock
        self._throttle = Throttle(period)
        self._errors_due: dict[ResourceKey, float] = {}

    def with_due(self, site: CachedSite, facts: SiteFacts) -> tuple[SiteFacts, float | None]:
        """Return the facts with the figures to write now, and the seconds until the next can be written, or None.

        The caller must write the figures: the interval to the next write starts now.
        """
        counts, status = self._count(site.key), site.status
        if counts is not None and not changed_enough(status.get("devices"), counts):
            counts = None
        if counts is None and not figures_changed_enough(facts, status):
            if not sink_errors_changed(facts, status):
                return replace(facts, figures_due=False), None
            wait = self._errors_due.get(site.key, 0.0) - self._clock()
            if wait > 0:
                return replace(facts, figures_due=False), wait
        # After a restart the time of the last write is unknown: it may have been just now.
        first = self._throttle.period
        if counts is not None and "devices" not in status:
            self._throttle.remove(site.key)
            first = 0.0
        wait = self._throttle.wait(site.key, self._clock(), first)
        if wait > 0:
            return replace(facts, figures_due=False), wait
        self._errors_due[site.key] = self._clock() + ERROR_SECONDS
        return replace(facts, devices=counts, figures_due=True), None

    def remove(self, site: ResourceKey) -> None:
        """Remove a deleted site."""
        self._errors_due.pop(site, None)
        self._throttle.remove(site)
