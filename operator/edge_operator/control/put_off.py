"""Writes that were refused, and are tried again later and ever more seldom. Pure: the time is given."""

from heapq import heappop, heappush

from .store import ResourceKey

LONGEST_SECONDS = 300.0


class PutOff:
    """Remembers when whose write is tried again.

    Args:
        first: seconds until the second attempt; each later wait is twice the one before, up to `LONGEST_SECONDS`.
    """

    def __init__(self, first: float) -> None:
        self._first = first
        self._waits: dict[ResourceKey, tuple[float, float]] = {}
        self._order: list[tuple[float, ResourceKey]] = []

    def __len__(self) -> int:
        return len(self._waits)

    def refused(self, key: ResourceKey, at: float) -> None:
        """Take that a write was refused at `at`."""
        _, wait = self._waits.get(key, (at, self._first / 2))
        wait = min(2 * wait, LONGEST_SECONDS)
        self._waits[key] = at + wait, wait
        heappush(self._order, (at + wait, key))

    def forget(self, key: ResourceKey) -> None:
        """Take that a write was made, or is needed no more."""
        self._waits.pop(key, None)

    def due(self, at: float) -> list[ResourceKey]:
        """Return, once, whose writes are to be tried again at `at`."""
        due = []
        while self._order and self._order[0][0] <= at:
            moment, key = heappop(self._order)
            known = self._waits.get(key)
            if known is not None and known[0] == moment:
                due.append(key)
        return due
