"""When a client pings, and when it gives up a broker.

Pure: the time is a parameter, in seconds of a monotonic clock.
"""

from dataclasses import dataclass, field
from enum import Enum

PATIENCE_SHARE = 1.5
"""The connection ends if the broker is silent for this many keepalive intervals."""


class Due(Enum):
    """What the keepalive requires now."""

    NOTHING = "nothing"
    PING = "ping"
    END = "end"


@dataclass(slots=True)
class Keepalive:
    """The keepalive of one connection. All times are seconds.

    Attributes:
        interval: longest time without a packet in either direction; 0 switches the keepalive off.
        tick_seconds: time between two calls of `due`.
        received_at: when the last data arrived.
        sent_at: when the last data were sent.
    """

    interval: float
    tick_seconds: float
    received_at: float
    sent_at: float
    _checked_at: float = field(init=False)
    _pinged_at: float | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Nothing has been checked yet."""
        self._checked_at = self.received_at

    def due(self, now: float) -> Due:
        """Return what is due at `now`; after PING the caller sends a PINGREQ."""
        if self.interval <= 0:
            return Due.NOTHING
        late, self._checked_at = now - self._checked_at > 2 * self.tick_seconds + self.interval / 4, now
        if late:
            # This process itself has been stopped: what the broker has sent is not read yet.
            self.received_at = max(self.received_at, now - self.interval)
        if now - self.received_at >= PATIENCE_SHARE * self.interval:
            return Due.END
        last = max(min(self.received_at, self.sent_at), self._pinged_at or 0.0)
        if now - last < self.interval - 2 * self.tick_seconds:
            return Due.NOTHING
        self._pinged_at = self.sent_at = now
        return Due.PING
