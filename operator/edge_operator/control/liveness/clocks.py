"""Two clocks: the one that deadlines are counted by, and the one that people read."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

RFC3339 = "%Y-%m-%dT%H:%M:%SZ"

EARLIEST = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
"""What is told to be from before was told by nobody who knew; and near the year 1 no time can be counted back."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """Tells the time, and turns seconds into times for people and back.

    Attributes:
        steady: seconds on a clock that never goes back.
        wall: now, for people.
    """

    steady: Callable[[], float]
    wall: Callable[[], dt.datetime]

    def text(self, at: float) -> str:
        """Return when `at` was or will be, as RFC 3339."""
        ago = dt.timedelta(seconds=self.steady() - at)
        return (self.wall().astimezone(dt.UTC) - ago).strftime(RFC3339)

    def at(self, text: str | None) -> float | None:
        """Return the time `text` (RFC 3339) in seconds of the steady clock, or None if it is no usable time."""
        try:
            told = dt.datetime.fromisoformat(text or "")
        except ValueError:
            return None
        if told.tzinfo is None or told < EARLIEST:
            return None
        return self.steady() - (self.wall() - told).total_seconds()
