"""The budget of writes: a rate limit that decreases while the API server throttles the operator."""

from collections.abc import Callable

from edge_pacing.bucket import TokenBucket


class WriteBudget:
    """A token bucket with a clock. Pure: the clock is given.

    Args:
        rate: writes per second.
        burst: writes that may be sent at once after a pause.
        clock: monotonic clock, in seconds.
    """

    def __init__(self, rate: float, burst: int, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._bucket = TokenBucket(rate, burst, clock())

    def take(self) -> float:
        """Take one write out of the budget and return 0, or return the seconds after which to ask again."""
        now = self._clock()
        return 0.0 if self._bucket.take(now) else self._bucket.wait(now)

    def slow_down(self, retry_after: float) -> None:
        """Halve the rate and hold back every write for `retry_after` seconds."""
        self._bucket.slow_down(self._clock(), retry_after)

    @property
    def rate(self) -> float:
        """Present rate, in writes per second."""
        return self._bucket.rate(self._clock())
