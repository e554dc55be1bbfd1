"""Commits batches of messages to the store, in order."""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from edge_pacing.backoff import Backoff
from edge_processor.batcher import Received
from edge_processor.metrics import ProcessorMetrics
from edge_processor.store_link import MAX_IN_FLIGHT_REQUESTS, StoreLink
from edge_service.store import StoreRefusedError
from edge_wire.store import StoreUnavailableError
from edge_wire.store.frames import CommitAnswer, CommitRequest, FrameError

logger = logging.getLogger(__name__)

_AGAIN = (StoreUnavailableError, StoreRefusedError, FrameError)


class _Batch(NamedTuple):
    request: CommitRequest
    done: asyncio.Future[CommitAnswer]


class Commits:
    """Commits batch after batch, each until it is stored: the order of each device is kept, also over failures."""

    def __init__(self, link: StoreLink, location: str, token: int, metrics: ProcessorMetrics) -> None:
        """Prepare.

        Args:
            link: to the store.
            location: of the site.
            token: of the lease; the store rejects an old one.
            metrics: of the processor.
        """
        self._link = link
        self._location = location
        self._token = token
        self._metrics = metrics
        self._waiting: deque[_Batch] = deque()
        self._in_flight: deque[tuple[_Batch, asyncio.Task[CommitAnswer]]] = deque()
        self._some = asyncio.Event()

    def submit(self, batch: Sequence[Received]) -> asyncio.Future[CommitAnswer]:
        """Return the answer to a batch as a future: done when the batch is committed, after all earlier ones."""
        done: asyncio.Future[CommitAnswer] = asyncio.get_running_loop().create_future()
        # Messages of several reads may share a batch if the store is slow: the earliest time is that of all.
        messages = [(each.device_id, each.payload) for each in batch]
        request = CommitRequest(self._token, self._location, batch[0].received_at, messages)
        self._waiting.append(_Batch(request, done))
        self._send()
        self._some.set()
        return done

    async def run(self) -> None:
        """Commit until cancelled.

        Raises:
            FencedError: another replica is the ingester; nothing more may be acknowledged.
        """
        backoff = Backoff(first=0.1, longest=2.0)
        try:
            while True:
                self._send()
                if not self._in_flight:
                    self._some.clear()
                    await self._some.wait()
                elif await self._settle_oldest():
                    backoff.reset()
                else:
                    await asyncio.sleep(backoff.next())
        finally:
            for _, sending in self._in_flight:
                sending.cancel()

    def _send(self) -> None:
        while self._waiting and len(self._in_flight) < MAX_IN_FLIGHT_REQUESTS and self._is_in_order():
            batch = self._waiting.popleft()
            self._in_flight.append((batch, asyncio.create_task(self._link.commit(batch.request), name="commit")))

    def _is_in_order(self) -> bool:
        """Return whether no batch in flight has ended: one that has failed must be sent again before later ones."""
        return not any(sending.done() for _, sending in self._in_flight)

    async def _settle_oldest(self) -> bool:
        """Wait for the oldest batch in flight; return whether it is stored, else all in flight wait again.

        Raises:
            FencedError: another replica is the ingester.
        """
        batch, sending = self._in_flight[0]
        try:
            with self._metrics.commit.time():
                answer = await sending
        except _AGAIN as error:
            await asyncio.gather(*(each for _, each in self._in_flight), return_exceptions=True)
            self._waiting.extendleft(each for each, _ in reversed(self._in_flight))
            self._in_flight.clear()
            self._report(error)
            return False
        self._in_flight.popleft()
        if not batch.done.done():
            batch.done.set_result(answer)
        return True

    def _report(self, error: Exception) -> None:
        self._metrics.store_failures.inc()
        if isinstance(error, StoreUnavailableError):
            logger.warning("readings wait for the store: %s", error)
        else:
            # Malformed messages become dead letters; a refusal means another release, or another server.
            logger.error("readings wait: %s: check STORAGE_URL and the store's release", error)
