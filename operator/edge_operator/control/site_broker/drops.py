"""What the sites' brokers say that they dropped: counted, and told of a site for a while."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.telemetry.metrics import Metrics

TOLD_SECONDS = 600.0
"""So long after the last drop it is told: whoever looks at the site must find it."""

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Seen:
    """What is known of one broker.

    Attributes:
        total: how many it has dropped since its start; None while it has not told.
        told_until: until when it is told that it drops.
    """

    total: int | None = None
    told_until: float = 0.0


class BrokerDrops:
    """Remembers what each site's broker has dropped (`$SYS/broker/publish/messages/dropped`).

    Args:
        metrics: where it is counted.
        look: has a site looked at.
        clock: seconds on a clock that never goes back.
    """

    def __init__(self, metrics: Metrics, look: Callable[[ResourceKey], None], clock: Callable[[], float]) -> None:
        self._metrics = metrics
        self._look = look
        self._clock = clock
        self._seen: dict[ResourceKey, _Seen] = {}

    def heard(self, site: ResourceKey, total: int) -> None:
        """Take how many messages a broker has dropped since its start; what it had before we knew it is no news."""
        seen = self._seen.setdefault(site, _Seen())
        before, seen.total = total if seen.total is None else seen.total, total
        # Fewer than before: it has begun anew.
        more = total - before if total >= before else total
        if more == 0:
            return
        self._metrics.broker_dropped.labels(*site).inc(more)
        was_told, seen.told_until = self.remaining(site) > 0, self._clock() + TOLD_SECONDS
        if not was_told:
            logger.warning("EdgeSite %s/%s: the broker drops messages: a client's queue is full", *site)
            self._look(site)

    def take_over(self, site: ResourceKey) -> None:
        """Take that a site's status says that its broker drops messages: whoever said so knew, and is gone perhaps."""
        if site not in self._seen:
            self._seen[site] = _Seen(told_until=self._clock() + TOLD_SECONDS)

    def remaining(self, site: ResourceKey) -> float:
        """Return the seconds for which it is still to be told that a broker drops messages; 0 where it does not."""
        seen = self._seen.get(site)
        return 0.0 if seen is None else max(0.0, seen.told_until - self._clock())

    def remove(self, site: ResourceKey) -> None:
        """Forget a site that is gone, or whose broker is none of ours."""
        self._seen.pop(site, None)
        self._metrics.broker_dropped.remove(*site)

    def clear(self) -> None:
        """Forget everything: another process listens now."""
        self._seen.clear()
