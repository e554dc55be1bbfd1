"""A token bucket with a rate that is halved while the server throttles. Pure."""

RECOVERY_SECONDS = 20.0
"""Seconds after which a halved rate is at least what it was before."""

MIN_RATE_SHARE = 1 / 64
"""Minimum rate, as a share of the nominal rate."""

_ROUNDING = 1e-6


class TokenBucket:
    """Tokens that are added at a rate, up to a burst. All times are seconds of one monotonic clock.

    Args:
        rate: tokens a second.
        burst: maximum number of tokens.
        at: now.
    """

    def __init__(self, rate: float, burst: float, at: float) -> None:
        self._nominal = rate
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._at = at
        self._held_until = at

    def rate(self, at: float) -> float:
        """Return the current rate in tokens a second."""
        self._refill(at)
        return self._rate

    def wait(self, at: float) -> float:
        """Return the seconds until there is a token; 0 if there is one now."""
        self._refill(at)
        lacking = 0.0 if self._tokens >= 1 - _ROUNDING else (1 - self._tokens) / self._rate
        return max(self._held_until - at, 0.0) + lacking

    def take(self, at: float) -> bool:
        """Take a token; return whether there was one."""
        if self.wait(at) > 0:
            return False
        self._tokens -= 1
        return True

    def give_back(self) -> None:
        """Put back a token that was not needed."""
        self._tokens = min(self._tokens + 1, self._burst)

    def slow_down(self, at: float, retry_after: float) -> None:
        """Halve the rate, and hold all tokens for `retry_after` seconds."""
        self._refill(at)
        self._rate = max(self._rate / 2, self._nominal * MIN_RATE_SHARE)
        self._tokens = 0.0
        self._held_until = max(self._held_until, at + retry_after)

    def _refill(self, at: float) -> None:
        if at <= self._at:
            return
        fresh = max(0.0, at - max(self._at, self._held_until)) * self._rate
        self._tokens = min(self._tokens + fresh, self._burst)
        self._rate = min(self._rate + self._nominal * (at - self._at) / RECOVERY_SECONDS, self._nominal)
        self._at = at
