"""What the ingester requires of a sink."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from edge_service.mqtt import NotConnectedError, PublishRefusedError
from edge_service.store import StoreRefusedError
from edge_wire.store import StoreUnavailableError

# A store that refuses a sink's request has another release, or is another server: no message is at fault.
RETRY = (NotConnectedError, StoreUnavailableError, StoreRefusedError)
"""Errors after which a sink tries again."""

REFUSED = (PublishRefusedError,)
"""Errors by which a destination rejects one message: it would reject it again."""


class Sink(Protocol):
    """Delivers stored readings, or the alerts about them, to one destination: in order and at least once.

    A delivery fails in one of three ways:

    - retry (`RETRY`): the destination or the store is unavailable. The sink keeps the message and tries again. A queue
      in memory is bounded: the sink counts and logs what it drops. What waits in the store needs no memory.
    - refused (`REFUSED`): the sink counts and logs the message, and continues with the next one.
    - fenced (`FencedError`): another replica is the ingester. `run` raises it, and the ingester stops all its work.
    """

    @property
    def name(self) -> str:
        """The name of the sink's task, which logs show."""

    async def stored(self, readings: Sequence[Mapping[str, Any]]) -> None:
        """Handle newly stored readings, one or more.

        The next readings are stored after it returns. It may wait for room in a queue, but not for a destination that
        cannot be reached.
        """

    async def run(self) -> None:
        """Deliver until cancelled.

        Raises:
            FencedError: another replica is the ingester.
        """

    async def drained(self) -> None:
        """Wait, during the shutdown, until all messages about the readings of `stored` are delivered.

        It does not wait for a destination that cannot be reached, nor for what the next ingester gets from the store.
        """
