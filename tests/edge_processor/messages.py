"""Messages as they come from the broker, for the parts that need no broker."""

import datetime as dt
from dataclasses import dataclass, field

from edge_processor.batcher import Received
from edge_service.mqtt import Message

NOW = dt.datetime(2026, 11, 25, tzinfo=dt.UTC)


@dataclass
class Acknowledged:
    """The connection's side of a message: which were acknowledged, in which order, with their QoS."""

    sent: list[tuple[int, int]] = field(default_factory=list)

    def acknowledge(self, mid: int, qos: int) -> bool:
        """Take an acknowledgement."""
        self.sent.append((mid, qos))
        return True


def received(number: int, size: int = 1, acknowledged: Acknowledged | None = None) -> Received:
    """Return message `number` with a payload of `size` bytes."""
    connection = acknowledged or Acknowledged()
    message = Message("devices/d1/data", b"x" * size, 1, retain=False, dup=False, _connection=connection, _mid=number)
    return Received("d1", message, NOW, 0.0)
