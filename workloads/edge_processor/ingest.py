"""From the batcher into the store; messages are acknowledged after the commit, never before."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edge_pacing.backoff import Backoff
from edge_processor.batcher import Batcher, Received
from edge_processor.metrics import ProcessorMetrics
from edge_service.store import StoreClient, StoreRefusedError
from edge_wire.store import IngestResult, MessageResult, RawMessage, StoreUnavailableError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ingest:
    """Stores batch after batch, which keeps the order of each device.

    Attributes:
        batcher: has the messages.
        store: keeps the readings.
        location: of the site.
        token: of the lease; the store rejects an old one.
        stored: called with the newly stored readings, after their messages were acknowledged.
        metrics: of the processor.
    """

    batcher: Batcher
    store: StoreClient
    location: str
    token: int
    stored: Callable[[Sequence[Mapping[str, Any]]], Awaitable[None]]
    metrics: ProcessorMetrics

    async def run(self) -> None:
        """Store until cancelled.

        Raises:
            FencedError: another replica is the ingester; nothing more may be acknowledged.
        """
        while True:
            batch = await self.batcher.take()
            stored = await self._commit(batch)
            for received in batch:
                received.message.ack()
            self._count(batch, stored)
            await self.stored(stored.readings)
            self.batcher.done()

    async def _commit(self, batch: list[Received]) -> IngestResult:
        """Store `batch`; retry until it is committed, however long the store is unavailable.

        Raises:
            FencedError: another replica is the ingester.
        """
        messages = [RawMessage(each.device_id, each.message.payload, each.received_at) for each in batch]
        backoff = Backoff(first=0.1, longest=2.0)
        while True:
            try:
                with self.metrics.commit.time():
                    return await self.store.store(messages, location=self.location, token=self.token)
            except StoreUnavailableError as error:
                logger.warning("readings wait for the store: %s", error)
            except StoreRefusedError as error:
                # Malformed messages become dead letters; a refusal means another release, or another server.
                logger.error("readings wait: %s: check STORAGE_URL and the store's release", error)  # noqa: TRY400
            self.metrics.store_failures.inc()
            await asyncio.sleep(backoff.next())

    def _count(self, batch: list[Received], stored: IngestResult) -> None:
        metrics, now = self.metrics, asyncio.get_running_loop().time()
        metrics.batch.observe(len(batch))
        for received in batch:
            metrics.received_to_committed.observe(now - received.arrived)
        metrics.accepted.inc(sum(result.accepted for result in stored.results))
        metrics.duplicates.inc(sum(result.duplicates for result in stored.results))
        for received, result in zip(batch, stored.results, strict=False):
            self._report_rejected(received, result)

    def _report_rejected(self, received: Received, result: MessageResult) -> None:
        for reason, count in Counter(rejection.reason for rejection in result.rejected).items():
            self.metrics.rejected.labels(reason).inc(count)
        if result.rejected:
            first = result.rejected[0]
            logger.warning(
                "%d readings in a message of %s are invalid and were stored as dead letters: %s",
                len(result.rejected),
                received.device_id,
                first.message,
            )
