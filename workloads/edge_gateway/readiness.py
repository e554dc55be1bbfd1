"""Readiness of the gateway. Pure: the time is a parameter, in seconds of a monotonic clock."""

from dataclasses import dataclass, field

GRACE_SECONDS = 30.0
"""Seconds that a new gateway waits for the store and the broker before it becomes ready without them."""


@dataclass(slots=True)
class Readiness:
    """Ready once the broker and the store have each been reached once, or the grace period is over.

    It stays ready: while the store is unavailable, devices are still listed, MQTT is still passed through, and each
    route that needs the store answers 503. If all replicas became unready with the store, its restart would disconnect
    every device. The grace period has the same reason: after a reboot of the node, a store that does not start must
    not keep the devices from the broker.

    Attributes:
        started_at: start time in seconds of a monotonic clock.
    """

    started_at: float
    _missing: dict[str, None] = field(default_factory=lambda: {"broker": None, "store": None})

    def reached(self, what: str) -> None:
        """Record that `what` (broker, store) has been reached."""
        self._missing.pop(what, None)

    def waiting_for(self, now: float) -> list[str]:
        """Return what is still missing; nothing once ready."""
        if now - self.started_at >= GRACE_SECONDS:
            self._missing.clear()
        return [f"the {what} has not been reached yet" for what in self._missing]
