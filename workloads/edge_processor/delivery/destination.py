"""What a sink requires of its destination: a broker, Kafka, or the cloud."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from edge_processor.delivery.ledger import Entry
from edge_wire.store import OutboxAlert

LaneName = Literal["live", "backlog"]
"""The two lanes of a sink: readings as they are stored, and older ones from the store's log."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of delivering a batch; all other readings are delivered.

    Attributes:
        refused: positions of the readings that the destination rejects, with the reason.
    """

    refused: tuple[tuple[int, str], ...] = ()


class Sender(Protocol):
    """Delivers the batches of one lane, in the order of the calls."""

    def send(self, entries: Sequence[Entry]) -> asyncio.Future[Outcome]:
        """Deliver one or more readings, in order; the future is done when each is confirmed or rejected.

        The future never has an exception: while the destination cannot be reached, or does not confirm, the sender
        retries. A destination that rejects a batch because of one reading must not hold up the others: the sender
        finds the reading, for example by sending halves, and reports it in the outcome.
        """


class Connection(Protocol):
    """State of the connection to a destination.

    Attributes:
        connected: set while the last attempt to reach the destination succeeded. While it is clear, the sink queues
            nothing live: what is stored meanwhile is backlog.
    """

    connected: asyncio.Event

    @property
    def last_error(self) -> str:
        """Why the last attempt failed, for people; empty if it succeeded. Has no secret in it."""


class Destination(Connection, Protocol):
    """A place that receives the readings of a site."""

    def sender(self, lane: LaneName) -> Sender:
        """Return the sender of a lane. The two senders of a destination do not wait for each other."""

    async def run(self) -> None:
        """Stay connected and deliver until cancelled; never ends by an error of the destination."""


class AlertsRefusedError(Exception):
    """The destination rejects alerts, and would reject them again.

    Attributes:
        refused: positions of these alerts, with the reason; all others of the call are delivered.
    """

    def __init__(self, refused: Sequence[tuple[int, str]]) -> None:
        super().__init__(refused[0][1])
        self.refused = tuple(refused)


class DeliveryError(Exception):
    """The destination cannot be reached or did not confirm: the sink tries again.

    Attributes:
        retry_after_seconds: when the destination asks for the next attempt; None if it does not say.
    """

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class AlertDestination(Connection, Protocol):
    """A place that receives the alerts of a site."""

    async def send_alerts(self, alerts: Sequence[OutboxAlert]) -> None:
        """Deliver one or more alerts, in order; return when each is confirmed.

        Raises:
            AlertsRefusedError: it rejects some of them.
            DeliveryError: it cannot be reached, or did not confirm: some may be delivered.
        """

    async def run(self) -> None:
        """Do what the destination requires beside `send_alerts`, until cancelled."""
