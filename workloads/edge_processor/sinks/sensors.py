"""Publishes stored readings on `cloud/sensors/{id}`, at least once."""

import asyncio
import logging
import math
from collections.abc import Sequence
from typing import ClassVar

from edge_processor.delivery.backlog import LIVE_SECONDS, Backlog
from edge_processor.delivery.cursor_file import CursorFile
from edge_processor.delivery.destination import Outcome
from edge_processor.delivery.lane import Lane
from edge_processor.delivery.ledger import Entry, Ledger
from edge_processor.delivery.publisher import SensorsPublisher
from edge_processor.metrics import ProcessorMetrics
from edge_processor.session import IngestSession
from edge_service.store import StoreClient
from edge_service.waiting import set_within
from edge_wire.store import CLOUD_SENSORS
from edge_wire.store.line import offset_of

LIVE_BATCH_READINGS = 500
"""Maximum number of readings in a batch; of each lane two batches may be in flight."""

BACKLOG_BATCH_READINGS = LIVE_BATCH_READINGS // 2
"""Maximum number of readings in a batch of the backlog: it takes half as much of the broker's time as live readings."""

MAX_WAITING_READINGS = 10_000
"""Number of live readings in memory beyond which new ones are left to the backlog."""

MAX_WAITING_BYTES = 8 * 1024 * 1024
MAX_RANGES = 1024
"""Beyond this number of ranges in the ledger, nothing is taken live: the backlog closes the gaps first."""

IDLE_CHECK_SECONDS = 0.2

logger = logging.getLogger(__name__)


class Sensors:
    """Publishes every stored reading: those that the ingester stores at once, all others from the store's log.

    Readings that the ingester stores are published live, in order. What the store has besides (readings by HTTP, of an
    earlier ingester, or beyond the queue in memory) is the backlog: read from the log and published oldest first,
    beside the live readings. The cursor in the store says what is published.
    """

    name: ClassVar[str] = "sensors"

    def __init__(self, session: IngestSession, store: StoreClient, token: int, metrics: ProcessorMetrics) -> None:
        self._metrics = metrics
        self._publisher = SensorsPublisher(session)
        self._ledger = Ledger()
        self._live = Lane(self._publisher, LIVE_BATCH_READINGS, self._landed)
        self._old = Lane(self._publisher, BACKLOG_BATCH_READINGS, self._landed)
        self._backlog = Backlog(store, self._ledger, self._old)
        self._cursor = CursorFile(CLOUD_SENSORS, store, self._ledger, token)
        self._is_full = False

    def stored(self, lines: Sequence[bytes], alerts: int) -> None:  # noqa: ARG002 - they have their own sink
        """Publish newly stored readings; what does not fit into memory is left to the backlog.

        Args:
            lines: the readings.
            alerts: number of alerts about them.
        """
        entries = _entries(lines)
        if self._has_room():
            self._live.put(self._ledger.take_live(entries))
        self._ledger.settle(entries[-1][0])
        self._backlog.wake()

    def stored_elsewhere(self, newest_offset: int) -> None:
        """Publish soon what the store has up to `newest_offset` and what did not pass through this ingester."""
        asyncio.get_running_loop().call_later(LIVE_SECONDS, self._settle, newest_offset)

    def _settle(self, newest_offset: int) -> None:
        self._ledger.settle(newest_offset)
        self._backlog.wake()

    async def run(self) -> None:
        """Publish until cancelled.

        Raises:
            FencedError: another replica is the ingester.
        """
        self._metrics.unsent.set_function(lambda: self._ledger.pending_readings)
        try:
            async with asyncio.TaskGroup() as group:
                await self._cursor.load()
                group.create_task(self._backlog.watch())
                group.create_task(self._backlog.run())
                group.create_task(self._cursor.run())
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        finally:
            self._metrics.unsent.set_function(lambda: math.nan)

    async def drained(self) -> None:
        """Wait until the live readings are published, then write the cursor; without a connection only write it."""
        self._backlog.stop()
        for lane in (self._live, self._old):
            while self._publisher.connected.is_set() and not lane.idle.is_set():
                await set_within(lane.idle, IDLE_CHECK_SECONDS)
        await self._cursor.write()

    def _has_room(self) -> bool:
        """Return whether live readings may be queued; once they may not, until the queue is half empty.

        Otherwise a queue that is full for long would leave a gap at every batch.
        """
        share = 2 if self._is_full else 1
        self._is_full = (
            self._live.waiting_readings * share >= MAX_WAITING_READINGS
            or self._live.waiting_bytes * share >= MAX_WAITING_BYTES
            or len(self._ledger.taken.ranges) * share >= MAX_RANGES
        )
        return not self._is_full

    def _landed(self, batch: Sequence[Entry], outcome: Outcome) -> None:
        for position, error in outcome.refused:
            logger.warning("the stored reading with offset %d was not published: %s", batch[position][0], error)
        if outcome.refused:
            self._metrics.unpublished.labels("refused").inc(len(outcome.refused))
        self._metrics.published.inc(len(batch) - len(outcome.refused))
        self._ledger.confirm(batch)


def _entries(lines: Sequence[bytes]) -> list[Entry]:
    """Return lines, which are in the order of their offsets, with their offsets."""
    first, last = offset_of(lines[0]), offset_of(lines[-1])
    if last - first + 1 == len(lines):
        return list(zip(range(first, last + 1), lines, strict=True))
    return [(offset_of(line), line) for line in lines]
