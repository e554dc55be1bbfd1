"""Limits password guessing. Pure: the time is a parameter, in seconds of a monotonic clock."""

from collections import OrderedDict
from dataclasses import dataclass, field

MAX_SOURCES = 10_000
"""Maximum number of sources; the one with the oldest failure is evicted first."""


@dataclass(slots=True)
class Throttle:
    """Allows each source a number of failures within a window.

    Attributes:
        failures: number of failures.
        window_seconds: length of the window.
    """

    failures: int = 10
    window_seconds: float = 60.0
    _failed: OrderedDict[str, list[float]] = field(default_factory=OrderedDict)

    def wait_seconds(self, source: str, now: float) -> float:
        """Return the seconds until `source` may try again; 0 if it may now."""
        recent = self._recent(source, now)
        if len(recent) < self.failures:
            return 0.0
        return recent[0] + self.window_seconds - now

    def failed(self, source: str, now: float) -> None:
        """Count a failure of `source`."""
        recent = [*self._recent(source, now), now][-self.failures :]
        self._failed[source] = recent
        self._failed.move_to_end(source)
        if len(self._failed) > MAX_SOURCES:
            self._failed.popitem(last=False)

    def _recent(self, source: str, now: float) -> list[float]:
        recent = [when for when in self._failed.get(source, ()) if when > now - self.window_seconds]
        if not recent:
            self._failed.pop(source, None)
        return recent
