"""When the gateway is ready. Pure: time is a parameter."""

from dataclasses import dataclass, field

GRACE_SECONDS = 30.0
"""So long does a new gateway wait for the store and the broker before it serves what it can without them."""


@dataclass(slots=True)
class Readiness:
    """Ready once the broker and the store have been reached, each once, or the grace is over.

    Once ready it stays so: while the store is away, devices are still listed and MQTT is still passed through, and
    each route that needs what is away says so itself (503). Were all replicas to become unready with the store, its
    restart would cut off every device. The grace is for the same reason: after a node's reboot a store that does not
    come up must not keep the devices from the broker.

    Attributes:
        started_at: seconds on a clock that never goes back.
    """

    started_at: float
    _missing: dict[str, None] = field(default_factory=lambda: {"broker": None, "store": None})

    def reached(self, what: str) -> None:
        """Note that `what` (broker, store) has been reached."""
        self._missing.pop(what, None)

    def waiting_for(self, now: float) -> list[str]:
        """Return what is still waited for; nothing once ready."""
        if now - self.started_at >= GRACE_SECONDS:
            self._missing.clear()
        return [f"the {what} has not been reached yet" for what in self._missing]
