"""Status writes that the API server rejected, retried with exponential backoff. Pure: the time is given."""

from heapq import heappop, heappush

from edge_operator.control.cache.child_cache import ResourceKey

LONGEST_SECONDS = 300.0


class RetryQueue:
    """Schedules the retries.

    Args:
        first: seconds until the first retry; each later wait is twice the one before, up to `LONGEST_SECONDS`.
    """

    def __init__(self, first: float) -> None:
        self._first = first
        self._waits: dict[ResourceKey, tuple[float, float]] = {}
        self._order: list[tuple[float, ResourceKey]] = []

    def __len__(self) -> int:
        return len(self._waits)

    def add(self, key: ResourceKey, at: float) -> None:
        """Schedule a retry for a write that was rejected at `at`, in seconds."""
        _, wait = self._waits.get(key, (at, self._first / 2))
        wait = min(2 * wait, LONGEST_SECONDS)
        self._waits[key] = at + wait, wait
        heappush(self._order, (at + wait, key))

    def remove(self, key: ResourceKey) -> None:
        """Remove a device: its write succeeded, or is not needed any more."""
        self._waits.pop(key, None)

    def due(self, at: float) -> list[ResourceKey]:
        """Return, once, the devices to retry at `at`."""
        due = []
        while self._order and self._order[0][0] <= at:
            moment, key = heappop(self._order)
            known = self._waits.get(key)
            if known is not None and known[0] == moment:
                due.append(key)
        return due
