"""A message that came from the broker."""

from dataclasses import dataclass, field
from typing import Protocol


class Acknowledging(Protocol):
    """The connection that a message came by."""

    def acknowledge(self, mid: int, qos: int) -> bool:
        """Send the PUBACK if the connection is still the one it was."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message that came from the broker.

    Attributes:
        topic: without the site's prefix.
        payload: as it was sent.
        qos: of the delivery.
        retain: whether it is a retained replay, not fresh.
        dup: whether the broker says that it delivers it again.
    """

    topic: str
    payload: bytes
    qos: int
    retain: bool
    dup: bool
    _connection: Acknowledging = field(repr=False, compare=False)
    _mid: int = field(repr=False, compare=False)

    def ack(self) -> bool:
        """Acknowledge, with `manual_ack`; whether the PUBACK could be sent.

        It goes to the connection that the message came by and to no other: after a reconnect the broker delivers the
        message again, and the same packet identifier may then name another one.
        """
        return self._connection.acknowledge(self._mid, self.qos)
