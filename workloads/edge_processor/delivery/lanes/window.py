"""The batches of a lane that are sent and not confirmed yet."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edge_processor.delivery.destination import Outcome, Sender
from edge_processor.delivery.ledger import Entry

FAILED_SECONDS = 1.0
"""Seconds until a batch is sent again of which the sender has failed: it should not."""

logger = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Flight:
    """A batch that is sent.

    Attributes:
        batch: the readings, also those that are not forwarded.
        sent: those that are forwarded.
        future: is done with the outcome; None while the batch waits to be sent again.
    """

    batch: Sequence[Entry]
    sent: Sequence[Entry]
    future: asyncio.Future[Outcome] | None = None


class Window:
    """Sends batches and reports their outcomes in the order of the calls.

    Args:
        sender: to the destination.
        landed: called with a batch and its outcome; positions in the outcome are those of the batch.
        moved: called when batches have landed.
    """

    def __init__(
        self, sender: Sender, landed: Callable[[Sequence[Entry], Outcome], None], moved: Callable[[], None]
    ) -> None:
        self._sender = sender
        self._landed = landed
        self._moved = moved
        self._in_flight: deque[_Flight] = deque()

    def __len__(self) -> int:
        return len(self._in_flight)

    def send(self, batch: Sequence[Entry]) -> int:
        """Send a batch, without the entries that have an empty line; return the number of readings that are sent."""
        sent = batch if all(map(_line, batch)) else [each for each in batch if each[1]]
        if sent:
            flight = _Flight(batch, sent)
            self._in_flight.append(flight)
            self._start(flight)
        else:
            self._landed(batch, Outcome())
        return len(sent)

    def _start(self, flight: _Flight) -> None:
        try:
            flight.future = self._sender.send(flight.sent)
        except Exception as error:  # noqa: BLE001 - a batch without a future would end the lane
            self._send_again(flight, repr(error))
        else:
            flight.future.add_done_callback(self._settle)

    def _settle(self, _: asyncio.Future[Outcome]) -> None:
        while self._in_flight:
            flight = self._in_flight[0]
            if flight.future is None or not flight.future.done():
                break
            if flight.future.cancelled() or flight.future.exception() is not None:
                failed = flight.future
                cause = "the delivery was cancelled" if failed.cancelled() else repr(failed.exception())
                self._send_again(flight, cause)
                break
            self._in_flight.popleft()
            self._landed(flight.batch, _placed(flight, flight.future.result()))
        self._moved()

    def _send_again(self, flight: _Flight, cause: str) -> None:
        flight.future = None
        logger.error("a batch was not delivered and is sent again: %s", cause)
        asyncio.get_running_loop().call_later(FAILED_SECONDS, self._start, flight)


def _line(entry: Entry) -> bytes:
    return entry[1]


def _placed(flight: _Flight, outcome: Outcome) -> Outcome:
    """Return an outcome with positions in the batch, in place of positions in what was sent."""
    if not outcome.refused or flight.sent is flight.batch:
        return outcome
    places = [at for at, (_, line) in enumerate(flight.batch) if line]
    return Outcome(tuple((places[at], why) for at, why in outcome.refused))
