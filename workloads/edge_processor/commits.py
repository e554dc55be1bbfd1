"""Commits batches of messages to the store, in order."""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence

from edge_pacing.backoff import Backoff
from edge_processor.batcher import Received
from edge_processor.metrics import ProcessorMetrics
from edge_service.store import StoreClient, StoreRefusedError
from edge_wire.store import IngestResult, RawMessage, StoreUnavailableError

logger = logging.getLogger(__name__)


class Commits:
    """Commits batch after batch, each until it is stored: the order of each device is kept, also over failures."""

    def __init__(self, store: StoreClient, location: str, token: int, metrics: ProcessorMetrics) -> None:
        """Prepare.

        Args:
            store: keeps the readings.
            location: of the site.
            token: of the lease; the store rejects an old one.
            metrics: of the processor.
        """
        self._store = store
        self._location = location
        self._token = token
        self._metrics = metrics
        self._waiting: deque[tuple[Sequence[Received], asyncio.Future[IngestResult]]] = deque()
        self._some = asyncio.Event()

    def submit(self, batch: Sequence[Received]) -> asyncio.Future[IngestResult]:
        """Return the result of a batch as a future: done when the batch is committed, after all earlier ones."""
        done: asyncio.Future[IngestResult] = asyncio.get_running_loop().create_future()
        self._waiting.append((batch, done))
        self._some.set()
        return done

    async def run(self) -> None:
        """Commit until cancelled.

        Raises:
            FencedError: another replica is the ingester; nothing more may be acknowledged.
        """
        while True:
            await self._some.wait()
            batch, done = self._waiting.popleft()
            if not self._waiting:
                self._some.clear()
            stored = await self._commit(batch)
            if not done.done():
                done.set_result(stored)

    async def _commit(self, batch: Sequence[Received]) -> IngestResult:
        """Store `batch`; retry until it is committed, however long the store is unavailable.

        Raises:
            FencedError: another replica is the ingester.
        """
        messages = [RawMessage(each.device_id, each.payload, each.received_at) for each in batch]
        backoff = Backoff(first=0.1, longest=2.0)
        while True:
            try:
                with self._metrics.commit.time():
                    return await self._store.store(messages, location=self._location, token=self._token)
            except StoreUnavailableError as error:
                logger.warning("readings wait for the store: %s", error)
            except StoreRefusedError as error:
                # Malformed messages become dead letters; a refusal means another release, or another server.
                logger.error("readings wait: %s: check STORAGE_URL and the store's release", error)  # noqa: TRY400
            self._metrics.store_failures.inc()
            await asyncio.sleep(backoff.next())
