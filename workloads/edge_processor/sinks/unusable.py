"""The destination of a sink that is configured, but not usable."""

import asyncio
from collections.abc import Sequence

from edge_processor.delivery.destination import DeliveryError, LaneName, Outcome
from edge_processor.delivery.ledger import Entry
from edge_wire.store import OutboxAlert


class UnusableDestination:
    """Is never connected: what is stored waits in the store until the settings are corrected.

    Attributes:
        connected: never set.
        last_error: what is wrong with the settings.
    """

    def __init__(self, problem: str) -> None:
        self.connected = asyncio.Event()
        self.last_error = problem

    def sender(self, lane: LaneName) -> "UnusableDestination":  # noqa: ARG002 - both lanes wait
        """Return itself."""
        return self

    def send(self, entries: Sequence[Entry]) -> asyncio.Future[Outcome]:  # noqa: ARG002 - nothing is delivered
        """Return a future that is never done."""
        return asyncio.get_running_loop().create_future()

    async def send_alerts(self, alerts: Sequence[OutboxAlert]) -> None:  # noqa: ARG002 - nothing is delivered
        """Deliver nothing.

        Raises:
            DeliveryError: always.
        """
        raise DeliveryError(self.last_error)

    async def run(self) -> None:
        """Return: there is nothing to do."""
