"""Sends stored readings in order, some batches at a time, each reading until it is acknowledged."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from edge_processor.delivery.ledger import Entry
from edge_processor.delivery.publisher import Outcome, SensorsPublisher

BATCHES_IN_FLIGHT = 2
"""Maximum number of batches without an acknowledgement: while one is acknowledged, the next one is on its way."""

MAX_BATCH_BYTES = 1024 * 1024
RETRY_SECONDS = 0.1
"""Seconds after a batch that was not acknowledged until the next attempt."""


class Lane:
    """Sends readings in the order of `put`. A reading that was not acknowledged is sent again before later ones.

    Args:
        publisher: sends.
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
        self._again: list[Entry] = []
        self._is_held = True
        self._interrupted = asyncio.Event()
        self.idle = asyncio.Event()
        self.low = asyncio.Event()
        self._note()

    @property
    def waiting_readings(self) -> int:
        """Number of readings that are not sent yet."""
        return len(self._waiting) + len(self._again)

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
        self._again.clear()
        self._waiting_bytes = 0
        self._note()

    async def run(self) -> None:
        """Send until cancelled."""
        try:
            while True:
                await self._publisher.connected.wait()
                self._is_held = False
                self._send()
                await self._interrupted.wait()
                self._interrupted.clear()
                await asyncio.sleep(RETRY_SECONDS)
        finally:
            self._is_held = True
            for _, future in self._in_flight:
                future.cancel()

    def _send(self) -> None:
        while self._waiting and not self._is_held and len(self._in_flight) < BATCHES_IN_FLIGHT:
            batch = self._cut()
            future = self._publisher.send([line for _, line in batch])
            self._in_flight.append((batch, future))
            future.add_done_callback(self._settle)
        self._note()

    def _cut(self) -> list[Entry]:
        batch: list[Entry] = []
        size = 0
        while self._waiting and len(batch) < self._batch_readings:
            size += len(self._waiting[0][1])
            if batch and size > MAX_BATCH_BYTES:
                break
            batch.append(self._waiting.popleft())
        self._waiting_bytes -= sum(len(line) for _, line in batch)
        return batch

    def _settle(self, _: asyncio.Future[Outcome]) -> None:
        while self._in_flight and self._in_flight[0][1].done():
            batch, future = self._in_flight.popleft()
            if future.cancelled():
                continue
            outcome = future.result()
            self._landed(batch, outcome)
            if outcome.again:
                # Nothing is sent before the later batches in flight have ended too: the order would be lost.
                self._is_held = True
                self._again.extend(batch[position] for position in outcome.again)
        if self._again and not self._in_flight:
            self._waiting.extendleft(reversed(self._again))
            self._waiting_bytes += sum(len(line) for _, line in self._again)
            self._again.clear()
            self._interrupted.set()
        self._send()

    def _note(self) -> None:
        waits = self.waiting_readings
        _set(self.idle, waits == 0 and not self._in_flight)
        _set(self.low, waits < self._batch_readings)


def _set(event: asyncio.Event, is_set: bool) -> None:  # noqa: FBT001 - the value of the event
    if is_set:
        event.set()
    else:
        event.clear()
