"""Messages that the sites' brokers have dropped: counted, and reported in the site's status for some time."""

import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import dataclass

from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.status.dropped_messages import DroppedMessages
from edge_operator.telemetry.metrics import Metrics

REPORT_SECONDS = 600.0
"""Time after the last drop for which the condition BrokerDropping stays, so that somebody can notice it."""

SHOW_SECONDS = 60.0
"""Minimum time between two numbers that are shown: each is a write of the status."""

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Seen:
    """Drops of one broker.

    Attributes:
        total: number of dropped messages since the broker started; None before the first sample.
        report_until: time on the monotonic clock until which the condition stays, in seconds.
        dropped: messages dropped since the condition began; None before, or if that is not known.
        shown: those that the condition shows.
        show_from: time on the monotonic clock from which it may show others, in seconds.
    """

    total: int | None = None
    report_until: float = 0.0
    dropped: DroppedMessages | None = None
    shown: DroppedMessages | None = None
    show_from: float = 0.0

    def show(self, now: float) -> float:
        """Set the messages to show, and return the seconds until others are shown; 0 if none wait.

        Args:
            now: time on the monotonic clock, in seconds.
        """
        if self.shown == self.dropped:
            return 0.0
        if now < self.show_from:
            return self.show_from - now
        self.shown, self.show_from = self.dropped, now + SHOW_SECONDS
        return 0.0


class BrokerDrops:
    """Records what each site's broker has dropped (`$SYS/broker/publish/messages/dropped`).

    Args:
        metrics: counts the drops.
        enqueue: enqueues a site.
        clock: monotonic clock, in seconds.
        wall_clock: current time.
    """

    def __init__(
        self,
        metrics: Metrics,
        enqueue: Callable[[ResourceKey], None],
        clock: Callable[[], float],
        wall_clock: Callable[[], dt.datetime],
    ) -> None:
        self._metrics = metrics
        self._enqueue = enqueue
        self._clock = clock
        self._wall_clock = wall_clock
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
            seen.dropped, seen.shown, seen.show_from = None, None, 0.0
        is_waiting, now = was_reported and seen.shown != seen.dropped, self._wall_clock().replace(microsecond=0)
        seen.dropped = seen.dropped.plus(more, now) if seen.dropped is not None else DroppedMessages(more, now, now)
        if not is_waiting:
            self._enqueue(site)

    def restore(self, site: ResourceKey, text: str) -> None:
        """Restore the condition from a site's status, because the leader that reported it may not run any more.

        Args:
            site: the site.
            text: message of the condition.
        """
        if site not in self._seen:
            dropped = DroppedMessages.parse(text)
            self._seen[site] = _Seen(None, self._clock() + REPORT_SECONDS, dropped, dropped)

    def get(self, site: ResourceKey) -> tuple[DroppedMessages | None, float]:
        """Return the messages that the condition shows, and the seconds until it shows others; 0 if none wait."""
        seen = self._seen.get(site)
        if seen is None or not self.remaining(site):
            return None, 0.0
        seconds = seen.show(self._clock())
        return seen.shown, seconds

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
