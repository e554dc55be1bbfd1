"""Withholds a flood of the same log message, and reports the number withheld."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from edge_logs.formatter import AUDIT, SUPPRESSED

MAX_KEYS = 10_000
"""Maximum number of distinct messages; beyond it the limiter is reset."""


@dataclass(slots=True)
class _Bucket:
    """The token bucket of one message.

    Attributes:
        left: number of records that may still pass.
        filled_at: when `left` was last refilled, in seconds.
        withheld: number of records withheld since the last one that passed.
    """

    left: float
    filled_at: float
    withheld: int = 0


class RateLimit(logging.Filter):
    """Lets `burst` records of one (logger, message template) pass, then `per_second`; reports how many it withheld.

    Lines of an audit always pass: each of them is needed.
    """

    def __init__(self, per_second: float = 1.0, burst: int = 10, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._per_second = per_second
        self._burst = burst
        self._clock = clock
        self._buckets: dict[tuple[str, str], _Bucket] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether `record` may pass."""
        if hasattr(record, AUDIT):
            return True
        now = self._clock()
        bucket = self._bucket((record.name, str(record.msg)), now)
        bucket.left = min(bucket.left + (now - bucket.filled_at) * self._per_second, self._burst)
        bucket.filled_at = now
        if bucket.left < 1:
            bucket.withheld += 1
            return False
        bucket.left -= 1
        if bucket.withheld:
            setattr(record, SUPPRESSED, bucket.withheld)
            bucket.withheld = 0
        return True

    def _bucket(self, key: tuple[str, str], now: float) -> _Bucket:
        if key not in self._buckets:
            if len(self._buckets) >= MAX_KEYS:
                self._buckets.clear()
            self._buckets[key] = _Bucket(self._burst, now)
        return self._buckets[key]
