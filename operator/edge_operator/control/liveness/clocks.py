"""The monotonic clock for deadlines and the wall clock for timestamps in status fields."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

RFC3339 = "%Y-%m-%dT%H:%M:%SZ"

EARLIEST = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
"""Timestamps before 2000 are treated as invalid (unset clocks); subtracting from year 1 would overflow."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """Both clocks, and conversions between them.

    Attributes:
        steady: monotonic clock, in seconds.
        wall: current time.
    """

    steady: Callable[[], float]
    wall: Callable[[], dt.datetime]

    def text(self, at: float) -> str:
        """Return the time `at` of the monotonic clock, in seconds, as RFC 3339."""
        ago = dt.timedelta(seconds=self.steady() - at)
        return (self.wall().astimezone(dt.UTC) - ago).strftime(RFC3339)

    def at(self, text: str | None) -> float | None:
        """Return the time `text` (RFC 3339) in seconds of the monotonic clock, or None if it is invalid."""
        try:
            parsed = dt.datetime.fromisoformat(text or "")
        except ValueError:
            return None
        if parsed.tzinfo is None or parsed < EARLIEST:
            return None
        return self.steady() - (self.wall() - parsed).total_seconds()
