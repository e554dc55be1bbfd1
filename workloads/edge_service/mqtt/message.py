"""A message from the broker."""

from dataclasses import dataclass, field
from typing import Protocol


class Acknowledging(Protocol):
    """The connection that received a message."""

    def acknowledge(self, mid: int, qos: int) -> bool:
        """Send the PUBACK unless the connection has ended."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message from the broker.

    Attributes:
        topic: without the site's prefix.
        payload: as sent.
        qos: of the delivery.
        retain: whether it is a retained message, not a fresh one.
        dup: whether the broker marks it as redelivered.
    """

    topic: str
    payload: bytes
    qos: int
    retain: bool
    dup: bool
    _connection: Acknowledging = field(repr=False, compare=False)
    _mid: int = field(repr=False, compare=False)

    def ack(self) -> bool:
        """Acknowledge, with `manual_ack`; return whether the PUBACK could be sent.

        It is sent on the connection that received the message and on no other: after a reconnect the broker redelivers
        the message, and the same packet identifier may then belong to another one.
        """
        return self._connection.acknowledge(self._mid, self.qos)
