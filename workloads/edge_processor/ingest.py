"""From the batcher into the store; messages are acknowledged after the commit, never before."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from edge_processor.batcher import Batcher, Received
from edge_processor.commits import Commits
from edge_processor.metrics import ProcessorMetrics
from edge_wire.store.frames import CommitAnswer, MessageRejection

MAX_IN_FLIGHT = 2
"""Maximum number of batches between the batcher and their acknowledgement: the store has work while this process
acknowledges and publishes."""

logger = logging.getLogger(__name__)

InFlight = tuple[Sequence[Received], asyncio.Future[CommitAnswer]]


def _slots() -> asyncio.Semaphore:
    return asyncio.Semaphore(MAX_IN_FLIGHT)


@dataclass(frozen=True, slots=True)
class Ingest:
    """Stores batches and acknowledges them in their order, which keeps the order of each device.

    Attributes:
        batcher: has the messages.
        commits: commits them to the store.
        stored: called with the answer of the store, after the messages were acknowledged.
        metrics: of the processor.
    """

    batcher: Batcher
    commits: Commits
    stored: Callable[[CommitAnswer], Awaitable[None]]
    metrics: ProcessorMetrics
    _slots: asyncio.Semaphore = field(default_factory=_slots, init=False)
    _in_flight: asyncio.Queue[InFlight] = field(default_factory=asyncio.Queue, init=False)

    async def submit(self) -> None:
        """Submit batches to the store until cancelled."""
        while True:
            await self._slots.acquire()
            batch = await self.batcher.take()
            self._in_flight.put_nowait((batch, self.commits.submit(batch)))

    async def acknowledge(self) -> None:
        """Acknowledge committed batches, and pass on their readings, until cancelled."""
        while True:
            batch, committed = await self._in_flight.get()
            stored = await committed
            # Together with what is published of them in this turn of the event loop: one write.
            batch[0].connection.acknowledge([each.packet_id for each in batch if each.packet_id])
            self._count(batch, stored)
            await self.stored(stored)
            self.batcher.done()
            self._slots.release()

    def _count(self, batch: Sequence[Received], stored: CommitAnswer) -> None:
        metrics = self.metrics
        metrics.batch.observe(len(batch))
        metrics.received_to_committed.observe(asyncio.get_running_loop().time() - batch[0].arrived)
        metrics.accepted.inc(stored.accepted)
        metrics.duplicates.inc(stored.duplicates)
        for index, rejections in groupby(stored.rejections, key=lambda each: each.index):
            self._report_rejected(batch[index].device_id, tuple(rejections))

    def _report_rejected(self, device_id: str, rejections: Sequence[MessageRejection]) -> None:
        for reason, count in Counter(rejection.reason for rejection in rejections).items():
            self.metrics.rejected.labels(reason).inc(count)
        logger.warning(
            "%d readings in a message of %s are invalid and were stored as dead letters: %s",
            len(rejections),
            device_id,
            rejections[0].message,
        )
