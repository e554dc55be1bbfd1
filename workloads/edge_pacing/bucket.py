"""A token bucket: so many a second, and fewer while the other side says that it is too much. Pure."""

RECOVERY_SECONDS = 20.0
"""So long after a halving the rate is back at least where it was."""

LEAST_SHARE = 1 / 64
"""No lower than to this share of its nominal value does halving bring the rate."""

_ROUNDING = 1e-6


class TokenBucket:
    """Tokens that come at a rate and gather up to a burst.

    Args:
        rate: tokens a second.
        burst: how many may gather.
        at: now, in seconds of a clock that never goes back.
    """

    def __init__(self, rate: float, burst: float, at: float) -> None:
        self._nominal = rate
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._at = at
        self._held_until = at

    def rate(self, at: float) -> float:
        """Return the tokens a second at present."""
        self._refill(at)
        return self._rate

    def wait(self, at: float) -> float:
        """Return the seconds after which there is a token; 0 if there is one."""
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
        """Halve the rate, and give out nothing for `retry_after` seconds."""
        self._refill(at)
        self._rate = max(self._rate / 2, self._nominal * LEAST_SHARE)
        self._tokens = 0.0
        self._held_until = max(self._held_until, at + retry_after)

    def _refill(self, at: float) -> None:
        if at <= self._at:
            return
        fresh = max(0.0, at - max(self._at, self._held_until)) * self._rate
        self._tokens = min(self._tokens + fresh, self._burst)
        self._rate = min(self._rate + self._nominal * (at - self._at) / RECOVERY_SECONDS, self._nominal)
        self._at = at
