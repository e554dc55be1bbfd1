"""Which Events of a site are written: one a second at most, and one summary of those that came faster. Pure."""

import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

S = TypeVar("S", bound=Hashable)

MIN_PAUSE_SECONDS = 1.0
"""Minimum seconds between two Events of one site."""

MAX_BURST_SECONDS = 10.0
"""Seconds after which a burst that does not end is summarised."""


@dataclass(frozen=True, slots=True)
class Summary(Generic[S]):
    """The Events of a site that were held back: `counts` is the number of them by reason."""

    site: S
    counts: dict[str, int]


@dataclass(slots=True)
class _Held:
    since: float
    latest: float
    counts: dict[str, int] = field(default_factory=dict)


class EventBudget(Generic[S]):
    """Decides which Events are written. All times are seconds of one monotonic clock.

    Args:
        take: takes one Event out of the budget of writes at a time in seconds; returns False if nothing is left.
    """

    def __init__(self, take: Callable[[float], bool]) -> None:
        self._take = take
        self._written_at: dict[S, float] = {}
        self._held: dict[S, _Held] = {}
        self._refused_at = -math.inf

    def offer(self, site: S, reason: str, at: float) -> bool:
        """Return whether to write an Event now; otherwise it is counted in the site's next summary."""
        if site not in self._held and self._may_write(site, at):
            self._written_at[site] = at
            return True
        held = self._held.setdefault(site, _Held(at, at))
        held.latest = at
        held.counts[reason] = held.counts.get(reason, 0) + 1
        return False

    def summaries(self, at: float) -> list[Summary[S]]:
        """Remove and return the summaries to write now: of bursts that are over, or have lasted `MAX_BURST_SECONDS`."""
        due = [site for site, held in self._held.items() if self._due(held) <= at]
        ready = [site for site in due if self._may_write(site, at)]
        if len(ready) < len(due):
            self._refused_at = at
        self._written_at.update(dict.fromkeys(ready, at))
        return [Summary(site, self._held.pop(site).counts) for site in ready]

    def next_at(self) -> float | None:
        """Return when to call `summaries`; None while no Event is held back."""
        first = min((self._due(held) for held in self._held.values()), default=None)
        return None if first is None else max(first, self._refused_at + MIN_PAUSE_SECONDS)

    def forget(self, site: S) -> None:
        """Remove a site."""
        self._written_at.pop(site, None)
        self._held.pop(site, None)

    def _may_write(self, site: S, at: float) -> bool:
        written_at = self._written_at.get(site)
        return (written_at is None or at >= written_at + MIN_PAUSE_SECONDS) and self._take(at)

    def _due(self, held: _Held) -> float:
        return min(held.latest + MIN_PAUSE_SECONDS, held.since + MAX_BURST_SECONDS)
