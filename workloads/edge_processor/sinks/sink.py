"""What the ingester requires of a sink."""

from collections.abc import Sequence
from typing import Protocol

from edge_processor.delivery.ledger import Entry


class Sink(Protocol):
    """Delivers stored readings, or the alerts about them, to one destination: in order and at least once.

    A delivery fails in one of three ways:

    - retry (`RETRY` of `edge_processor.delivery.errors`): the destination or the store is unavailable. The sink tries
      again. A queue in memory is bounded: what does not fit, the sink reads from the store later.
    - refused (`REFUSED` of the same module, or an `Outcome`): the sink counts and logs the message, keeps it as a dead
      letter if the destination is outside the site, and continues with the next one.
    - fenced (`FencedError`): another replica is the ingester. `run` raises it, and the ingester stops all its work.
    """

    @property
    def name(self) -> str:
        """The name of the sink's task, which logs show."""

    def stored(self, entries: Sequence[Entry], alerts: int) -> None:
        """Handle newly stored readings; must not raise: the next ones are stored after it returns.

        Args:
            entries: one or more readings as the store has them, in the order of their offsets; shared by all sinks.
            alerts: number of alerts about them.
        """

    def stored_elsewhere(self, newest_offset: int) -> None:
        """Handle that the store has readings up to `newest_offset`, some of which may not have passed through here."""

    async def run(self) -> None:
        """Deliver until cancelled.

        Raises:
            FencedError: another replica is the ingester.
        """

    async def drained(self) -> None:
        """Wait, during the shutdown, until all messages about the readings of `stored` are delivered.

        It does not wait for a destination that cannot be reached, nor for what the next ingester gets from the store.
        """
