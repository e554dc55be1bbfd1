"""Messages that the sites' brokers have dropped: counted, and reported in the site's status for some time."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.telemetry.metrics import Metrics

REPORT_SECONDS = 600.0
"""Time after the last drop for which the condition BrokerDropping stays, so that somebody can notice it."""

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Seen:
    """Drops of one broker.

    Attributes:
        total: number of dropped messages since the broker started; None before the first sample.
        report_until: time on the monotonic clock until which the condition stays, in seconds.
    """

    total: int | None = None
    report_until: float = 0.0


class BrokerDrops:
    """Records what each site's broker has dropped (`$SYS/broker/publish/messages/dropped`).

    Args:
        metrics: counts the drops.
        enqueue: enqueues a site.
        clock: monotonic clock, in seconds.
    """

    def __init__(self, metrics: Metrics, enqueue: Callable[[ResourceKey], None], clock: Callable[[], float]) -> None:
        self._metrics = metrics
        self._enqueue = enqueue
        self._clock = clock
        self._seen: dict[ResourceKey, _Seen] = {}

    def record(self, site: ResourceKey, total: int) -> None:
        """Record `total`, the number of messages dropped since the broker started; the first sample counts none."""
        seen = self._seen.setdefault(site, _Seen())
        before, seen.total = total if seen.total is None else seen.total, total
        # A lower total means that the broker was restarted.
        more = total - before if total >= before else total
        if more == 0:
            return
        self._metrics.broker_dropped.labels(*site).inc(more)
        was_reported, seen.report_until = self.remaining(site) > 0, self._clock() + REPORT_SECONDS
        if not was_reported:
            logger.warning("EdgeSite %s/%s: the broker drops messages: a client's queue is full", *site)
            self._enqueue(site)

    def restore(self, site: ResourceKey) -> None:
        """Restore the condition from a site's status, because the leader that reported it may not run any more."""
        if site not in self._seen:
            self._seen[site] = _Seen(report_until=self._clock() + REPORT_SECONDS)

    def remaining(self, site: ResourceKey) -> float:
        """Return the seconds for which the condition of a site stays; 0 if its broker drops nothing."""
        seen = self._seen.get(site)
        return 0.0 if seen is None else max(0.0, seen.report_until - self._clock())

    def remove(self, site: ResourceKey) -> None:
        """Remove a site that was deleted, or has an external broker."""
        self._seen.pop(site, None)
        self._metrics.broker_dropped.remove(*site)

    def clear(self) -> None:
        """Remove all sites, because another process leads now."""
        self._seen.clear()
