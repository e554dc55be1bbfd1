"""Who receives the messages of a connection, and how they are acknowledged."""

from collections.abc import Callable, Sequence
from typing import Protocol

from edge_mqtt5 import Publish


class Acknowledging(Protocol):
    """The connection that received messages."""

    def acknowledge(self, packet_ids: Sequence[int]) -> bool:
        """Acknowledge messages with the write of this turn of the event loop; return False if the connection has ended.

        After a reconnect the broker sends the messages again, and an identifier may then belong to another one.
        """

    def flush(self) -> None:
        """Send now, in one write, what this turn of the event loop has to send."""


Receiver = Callable[[Sequence[Publish], Acknowledging], None]
"""Is called with the messages of one read, topics with the site's prefix, and the connection that received them.

The receiver calls `acknowledge` of the connection with their packet identifiers when they are stored.
"""
