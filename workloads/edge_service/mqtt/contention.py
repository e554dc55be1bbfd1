"""Detects that other clients take a session over again and again.

A broker that ties the client id to the login does this to components with one login. Each of them would otherwise
disconnect the others several times a second.
"""

from collections import deque
from collections.abc import Callable

from edge_pacing.backoff import Backoff

TAKEOVERS = 2
"""Number of takeovers within `WINDOW_SECONDS` after which a session is contended."""

WINDOW_SECONDS = 60.0

STEADY_SECONDS = 120.0
"""A connection of this many seconds ends the contention; longer than all others wait between two attempts."""

FIRST_WAIT_SECONDS = 10.0
LONGEST_WAIT_SECONDS = 20.0
"""Longest wait between two attempts: shorter than the time after which devices would be Unknown."""


class Contention:
    """The takeovers of one session.

    Args:
        clock: monotonic clock, in seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._takeovers: deque[float] = deque(maxlen=TAKEOVERS)
        self._is_contended = False
        self._connected_at: float | None = None
        self._backoff = Backoff(FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS)

    @property
    def is_contended(self) -> bool:
        """Whether other clients take the session over, and no connection has lasted since."""
        self._end_if_steady()
        return self._is_contended

    def connected(self) -> None:
        """Record a new connection."""
        self._connected_at = self._clock()

    def disconnected(self, *, taken_over: bool) -> None:
        """Record the end of a connection, or of an attempt."""
        self._end_if_steady()
        self._connected_at = None
        if not taken_over:
            return
        now = self._clock()
        self._takeovers.append(now)
        if len(self._takeovers) == TAKEOVERS and now - self._takeovers[0] <= WINDOW_SECONDS:
            self._is_contended = True

    def wait(self) -> float:
        """Return the seconds to wait at least before the next attempt; 0 if the session is not contended."""
        return self._backoff.next() if self.is_contended else 0.0

    def _end_if_steady(self) -> None:
        if self._connected_at is not None and self._clock() - self._connected_at >= STEADY_SECONDS:
            self._is_contended = False
            self._takeovers.clear()
            self._backoff.reset()
