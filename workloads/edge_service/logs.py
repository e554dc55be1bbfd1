"""Logs: one JSON object a line on stderr, and never a flood of the same."""

import datetime as dt
import json
import logging
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

OBJECT = "object"
"""Key of `extra=` under which a log call names what it is about, such as `device d1`."""

SUPPRESSED = "suppressed"

MOST_KEYS = 10_000
"""Messages that the limit tells apart; beyond them it begins anew."""


class JsonFormatter(logging.Formatter):
    """Formats a record as one line of JSON: time (RFC 3339, UTC), level, logger, message, object, error."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line for `record`, without its line end."""
        when = dt.datetime.fromtimestamp(record.created, dt.UTC)
        line: dict[str, Any] = {
            "time": when.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
        }
        for key in (OBJECT, SUPPRESSED):
            if value := getattr(record, key, None):
                line[key] = value
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        # The call is wrong; what it would have said is worth more than a traceback that is no JSON.
        return f"{record.msg} {record.args!r}"


@dataclass(slots=True)
class _Bucket:
    """What is left of one message's allowance.

    Attributes:
        left: how many may still pass.
        filled_at: when `left` was last counted up.
        withheld: how many were kept back since one passed.
    """

    left: float
    filled_at: float
    withheld: int = 0


class RateLimit(logging.Filter):
    """Lets `burst` records of one (logger, message template) pass, then `per_second`; says how many it withheld."""

    def __init__(self, per_second: float = 1.0, burst: int = 10, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._per_second = per_second
        self._burst = burst
        self._clock = clock
        self._buckets: dict[tuple[str, str], _Bucket] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether `record` may pass."""
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
            if len(self._buckets) >= MOST_KEYS:
                self._buckets.clear()
            self._buckets[key] = _Bucket(self._burst, now)
        return self._buckets[key]


def about(kind: str, name: str) -> dict[str, str]:
    """Return the `extra=` of a log call about one object."""
    return {OBJECT: f"{kind} {name}"}


def configure(level: str) -> None:
    """Send every log of the process to stderr as JSON, from `level` (such as `INFO`) upwards."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    handler.addFilter(RateLimit())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # Uvicorn tells of its own start and end; ours are told once, by us.
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
