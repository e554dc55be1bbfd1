"""How long messages lie in the broker before we read them.

Measured with markers of our own: they go through the same queue as the readings, behind those that came before.
"""

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field

MOST_UNDER_WAY = 600
"""Markers that are waited for; older ones are given up."""


@dataclass(slots=True)
class QueueLag:
    """Measures the lag of one connection. Pure: the time is a parameter, in seconds of any steady clock."""

    _under_way: OrderedDict[bytes, float] = field(default_factory=OrderedDict, init=False)
    _last: float | None = field(default=None, init=False)
    _longest: float = field(default=0.0, init=False)
    _was_known: bool = field(default=False, init=False)

    def restart(self) -> None:
        """Forget everything: after a connect nothing is known until a marker has come back."""
        self._under_way.clear()
        self._last, self._longest, self._was_known = None, 0.0, False

    def marker(self, now: float) -> bytes:
        """Return the payload of a marker that is sent now."""
        payload = secrets.token_hex(8).encode()
        self._under_way[payload] = now
        if len(self._under_way) > MOST_UNDER_WAY:
            self._under_way.popitem(last=False)
        return payload

    def returned(self, payload: bytes, now: float) -> None:
        """Take a marker that has come back; another process's says nothing."""
        sent_at = self._under_way.get(payload)
        if sent_at is None:
            return
        self._last = now - sent_at
        self._longest = max(self._longest, self._last)
        while self._under_way:
            passed, _ = self._under_way.popitem(last=False)
            if passed == payload:
                return

    def seconds(self, now: float) -> float | None:
        """Return the lag: as last measured, or longer while a marker is under way longer; None while unknown."""
        if self._last is None:
            return None
        oldest = next(iter(self._under_way.values()), now)
        return max(self._last, now - oldest)

    def pop_interval(self, now: float) -> float | None:
        """End an interval and return its longest lag, which what was read in it may have had; None if it is not known.

        A queue that is worked off in a moment ends with a short lag: what came out of it was old all the same.
        """
        lag = self.seconds(now)
        longest = None if lag is None or not self._was_known else max(lag, self._longest)
        self._longest, self._was_known = 0.0, lag is not None
        return longest

    def restore(self, longest: float | None) -> None:
        """Have the interval that was taken last go on: what was read in it could not be told of."""
        if longest is None:
            self._was_known = False
        else:
            self._longest = max(self._longest, longest)
