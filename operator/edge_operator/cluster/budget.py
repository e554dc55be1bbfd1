"""The budget of writes: a rate limit that decreases while the API server throttles the operator."""

from collections.abc import Callable

RECOVERY_SECONDS = 20.0
"""Time without a response 429 after which a halved rate is back at its nominal value."""
ROUNDING = 1e-6


class WriteBudget:
    """A token bucket. Pure: the clock is given.

    Args:
        rate: writes per second.
        burst: writes that may be sent at once after a pause.
        clock: monotonic clock, in seconds.
    """

    def __init__(self, rate: float, burst: int, clock: Callable[[], float]) -> None:
        self._nominal = rate
        self._burst = float(burst)
        self._clock = clock
        self._rate = rate
        self._tokens = float(burst)
        self._at = clock()
        self._held_until = self._at

    def take(self) -> float:
        """Take one write out of the budget and return 0, or return the seconds after which to ask again."""
        now = self._refill()
        if now < self._held_until:
            return self._held_until - now
        if self._tokens < 1 - ROUNDING:
            return (1 - self._tokens) / self._rate
        self._tokens -= 1
        return 0.0

    def slow_down(self, retry_after: float) -> None:
        """Halve the rate and hold back every write for `retry_after` seconds."""
        now = self._refill()
        self._rate = max(self._rate / 2, self._nominal / 64)
        self._tokens = 0.0
        self._held_until = max(self._held_until, now + retry_after)

    @property
    def rate(self) -> float:
        """Present rate, in writes per second."""
        self._refill()
        return self._rate

    def _refill(self) -> float:
        now = self._clock()
        elapsed = max(0.0, now - self._at)
        self._tokens = min(self._burst, self._tokens + max(0.0, now - max(self._at, self._held_until)) * self._rate)
        self._at = max(self._at, now)
        self._rate = min(self._nominal, self._rate + self._nominal * elapsed / RECOVERY_SECONDS)
        return now
