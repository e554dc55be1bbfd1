"""Which status is written next: transitions first, then refreshes, all within a budget. Pure."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from operator import itemgetter
from typing import Generic, TypeVar

from edge_pacing.bucket import TokenBucket

K = TypeVar("K", bound=Hashable)


class WriteKind(StrEnum):
    """Why a status is written."""

    TRANSITION = "transition"
    REFRESH = "refresh"


@dataclass(frozen=True, slots=True)
class Write(Generic[K]):
    """A status that may be written now; its content is the state of the device when it is sent.

    Attributes:
        written_at: when the status was last written, or first tracked, in seconds of the monotonic clock.
    """

    key: K
    kind: WriteKind
    written_at: float


@dataclass(slots=True)
class Suppressed:
    """Writes that were not made, since the start.

    Attributes:
        transitions: number of those replaced by a newer one of the same device before they were written.
        refreshes: number of those that the minimum interval allows, but not the budget or the interval of the fleet;
            a fraction for a refresh less than one interval late.
    """

    transitions: int = 0
    refreshes: float = 0.0


@dataclass(frozen=True, slots=True)
class WriteLimits:
    """Limits of status writes.

    Attributes:
        rate: writes a second.
        burst: number of writes that may be made at once after a pause.
        refresh_after: minimum seconds between two refreshes of a status; None: no refreshes.
        refresh_share: maximum share of the budget for refreshes.
    """

    rate: float = 50.0
    burst: float = 200.0
    refresh_after: float | None = 300.0
    refresh_share: float = 0.5


class StatusWrites(Generic[K]):
    """The order and the rate of status writes. All times are seconds of one monotonic clock.

    A key names a device. Each `Write` that `take` gives out is answered with `done`, `failed` or `unneeded`; until then
    its key is not returned again, so there is never more than one write of a status in flight.

    Args:
        limits: of the writes.
        at: now, in seconds of a monotonic clock.
    """

    def __init__(self, limits: WriteLimits, at: float) -> None:
        self.suppressed = Suppressed()
        self._limits = limits
        share = limits.refresh_share
        self._budget = TokenBucket(limits.rate, limits.burst, at)
        self._refresh_budget = TokenBucket(limits.rate * share, max(limits.burst * share, 1.0), at)
        self._changed: OrderedDict[K, None] = OrderedDict()
        self._changed_again: set[K] = set()
        self._written: OrderedDict[K, float] = OrderedDict()
        self._failed: OrderedDict[K, float] = OrderedDict()
        self._busy: dict[K, Write[K]] = {}

    def __len__(self) -> int:
        """Return how many transitions wait."""
        return len(self._changed) + len(self._changed_again)

    @property
    def refresh_interval(self) -> float | None:
        """Seconds between two refreshes of one status, longer with more devices; None: no refreshes."""
        limits = self._limits
        if limits.refresh_after is None or limits.refresh_share <= 0:
            return None
        fleet = len(self._written) + len(self._failed) + len(self._busy)
        return max(limits.refresh_after, fleet / (limits.rate * limits.refresh_share))

    def track(self, key: K, at: float) -> None:
        """Refresh the status of a device from now on, first after one interval."""
        if key not in self._written and key not in self._failed and key not in self._busy:
            self._written[key] = at

    def forget(self, key: K) -> None:
        """Remove a device: nothing more is written for it."""
        self._changed_again.discard(key)
        for each in (self._changed, self._written, self._failed, self._busy):
            each.pop(key, None)

    def changed(self, key: K, at: float) -> None:
        """Record a transition of a device."""
        self.track(key, at)
        if key in self._changed or key in self._changed_again:
            self.suppressed.transitions += 1
        elif key in self._busy:
            self._changed_again.add(key)
        else:
            self._changed[key] = None

    def take(self, at: float) -> Write[K] | None:
        """Return the next write; None if there is none, or the budget is used up."""
        if self._changed:
            if not self._budget.take(at):
                return None
            return self._begin(self._changed.popitem(last=False)[0], WriteKind.TRANSITION)
        found = self._next_refresh()
        if found is None or found[1] > at or self._budget.wait(at) > 0 or not self._refresh_budget.take(at):
            return None
        self._budget.take(at)
        return self._begin(found[0], WriteKind.REFRESH)

    def take_event(self, at: float) -> bool:
        """Take one Event out of the budget; return False while transitions wait, or if nothing is left."""
        return not self._changed and self._budget.take(at)

    def done(self, write: Write[K], at: float) -> None:
        """Record that a status was written."""
        if self._end(write, at) and self._limits.refresh_after:
            self.suppressed.refreshes += max((at - write.written_at) / self._limits.refresh_after - 1, 0.0)

    def unneeded(self, write: Write[K], at: float) -> None:
        """Record that there was nothing new to write: that costs no budget."""
        self._end(write, at)
        self._budget.give_back()
        if write.kind is WriteKind.REFRESH:
            self._refresh_budget.give_back()

    def failed(self, write: Write[K], at: float) -> None:
        """Record that a write failed: it is queued again. If the API server is the cause, call `slow_down` too."""
        if not self._end(write, at):
            return
        if write.kind is WriteKind.TRANSITION:
            self._changed.setdefault(write.key)
        elif write.key not in self._changed:
            del self._written[write.key]
            self._failed[write.key] = at

    def slow_down(self, at: float, retry_after: float) -> None:
        """Halve the rate and write nothing for `retry_after` seconds: the API server responds 429, or not at all."""
        self._budget.slow_down(at, retry_after)
        self._refresh_budget.slow_down(at, retry_after)

    def next_at(self, at: float) -> float | None:
        """Return when `take` may have something; None until `changed`, `track`, or a write is answered."""
        budget = at + self._budget.wait(at)
        if self._changed:
            return budget
        found = self._next_refresh()
        return None if found is None else max(budget, at + self._refresh_budget.wait(at), found[1])

    def _next_refresh(self) -> tuple[K, float] | None:
        """Return the next device to refresh and when its refresh is due; a failed one is due at once."""
        interval = self.refresh_interval
        if interval is None:
            return None
        nexts = [(key, at + interval) for key, at in islice(self._written.items(), 1)]
        nexts += islice(self._failed.items(), 1)
        return min(nexts, key=itemgetter(1), default=None)

    def _begin(self, key: K, kind: WriteKind) -> Write[K]:
        before = self._written.pop(key, None)
        failed = self._failed.pop(key, None)
        write = self._busy[key] = Write(key, kind, before if before is not None else failed or 0.0)
        return write

    def _end(self, write: Write[K], at: float) -> bool:
        """Complete a write; return False if its device was removed in between."""
        if self._busy.get(write.key) is not write:
            return False
        del self._busy[write.key]
        self._written[write.key] = at
        if write.key in self._changed_again:
            self._changed_again.discard(write.key)
            self._changed[write.key] = None
        return True
