"""The time that messages wait in the broker's queue.

It is measured with markers: they pass through the same queue as the readings, behind earlier ones.
"""

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field

MAX_IN_FLIGHT = 600
"""Maximum number of markers in flight; older ones are dropped."""

MIN_QUEUED_SECONDS = 5.0
"""Minimum seconds in the queue that are stored with a reading: markers go out each second, so less is not precise."""


@dataclass(slots=True)
class QueueLag:
    """Measures the lag of one connection. Pure: the time is a parameter, in seconds of a monotonic clock."""

    _in_flight: OrderedDict[bytes, float] = field(default_factory=OrderedDict, init=False)
    _last: float | None = field(default=None, init=False)
    _longest: float = field(default=0.0, init=False)
    _was_known: bool = field(default=False, init=False)

    def restart(self) -> None:
        """Reset: after a connect the lag is unknown until a marker has come back."""
        self._in_flight.clear()
        self._last, self._longest, self._was_known = None, 0.0, False

    def marker(self, now: float) -> bytes:
        """Return the payload of a new marker, sent at `now`."""
        payload = secrets.token_hex(8).encode()
        self._in_flight[payload] = now
        if len(self._in_flight) > MAX_IN_FLIGHT:
            self._in_flight.popitem(last=False)
        return payload

    def returned(self, payload: bytes, now: float) -> None:
        """Handle a marker that came back; markers of other processes are ignored."""
        sent_at = self._in_flight.get(payload)
        if sent_at is None:
            return
        self._last = now - sent_at
        self._longest = max(self._longest, self._last)
        while self._in_flight:
            passed, _ = self._in_flight.popitem(last=False)
            if passed == payload:
                return

    def seconds(self, now: float) -> float | None:
        """Return the lag in seconds: as last measured, or the longer age of a marker in flight; None if unknown."""
        if self._last is None:
            return None
        oldest = next(iter(self._in_flight.values()), now)
        return max(self._last, now - oldest)

    def pop_interval(self, now: float) -> float | None:
        """End an interval and return its longest lag in seconds, which its messages may have had; None if unknown.

        A queue that is drained quickly ends with a short lag, although its messages were old.
        """
        lag = self.seconds(now)
        longest = None if lag is None or not self._was_known else max(lag, self._longest)
        self._longest, self._was_known = 0.0, lag is not None
        return longest

    def restore(self, longest: float | None) -> None:
        """Continue the interval of the last `pop_interval` (`longest` in seconds): its digest was not published."""
        if longest is None:
            self._was_known = False
        else:
            self._longest = max(self._longest, longest)
