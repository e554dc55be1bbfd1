"""Sends stored readings in order, some batches at a time."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from edge_processor.delivery.destination import Outcome
from edge_processor.delivery.ledger import Entry
from edge_processor.delivery.publisher import SensorsPublisher

BATCHES_IN_FLIGHT = 2
"""Maximum number of batches without an acknowledgement: while one is acknowledged, the next one is on its way."""

MAX_BATCH_BYTES = 1024 * 1024


class Lane:
    """Sends readings in the order of `put`.

    Args:
        publisher: sends, and sends again over reconnects.
        batch_readings: maximum number of readings in a batch.
        landed: called with a batch and its outcome, in order.

    Attributes:
        idle: set while all readings are delivered.
        low: set while less than a batch waits.
    """

    def __init__(
        self,
        publisher: SensorsPublisher,
        batch_readings: int,
        landed: Callable[[Sequence[Entry], Outcome], None],
    ) -> None:
        self._publisher = publisher
        self._batch_readings = batch_readings
        self._landed = landed
        self._waiting: deque[Entry] = deque()
        self._waiting_bytes = 0
        self._in_flight: deque[tuple[list[Entry], asyncio.Future[Outcome]]] = deque()
        self.idle = asyncio.Event()
        self.low = asyncio.Event()
        self._note()

    @property
    def waiting_readings(self) -> int:
        """Number of readings that are not sent yet."""
        return len(self._waiting)

    @property
    def waiting_bytes(self) -> int:
        """Size of these readings, in bytes."""
        return self._waiting_bytes

    def put(self, entries: Sequence[Entry]) -> None:
        """Send readings as soon as there is room in the window."""
        self._waiting.extend(entries)
        self._waiting_bytes += sum(len(line) for _, line in entries)
        self._send()

    def abandon(self) -> None:
        """Drop the readings that are not sent yet."""
        self._waiting.clear()
        self._waiting_bytes = 0
        self._note()

    def _send(self) -> None:
        while self._waiting and len(self._in_flight) < BATCHES_IN_FLIGHT:
            batch = self._cut()
            future = self._publisher.send([line for _, line in batch])
            self._in_flight.append((batch, future))
            future.add_done_callback(self._settle)
        self._note()

    def _cut(self) -> list[Entry]:
        batch: list[Entry] = []
        size = 0
        while self._waiting and len(batch) < self._batch_readings:
            following = size + len(self._waiting[0][1])
            if batch and following > MAX_BATCH_BYTES:
                break
            size = following
            batch.append(self._waiting.popleft())
        self._waiting_bytes -= size
        return batch

    def _settle(self, _: asyncio.Future[Outcome]) -> None:
        while self._in_flight and self._in_flight[0][1].done():
            batch, future = self._in_flight.popleft()
            self._landed(batch, future.result())
        self._send()

    def _note(self) -> None:
        waits = len(self._waiting)
        _set(self.idle, waits == 0 and not self._in_flight)
        _set(self.low, waits < self._batch_readings)


def _set(event: asyncio.Event, is_set: bool) -> None:  # noqa: FBT001 - the value of the event
    if is_set:
        event.set()
    else:
        event.clear()
