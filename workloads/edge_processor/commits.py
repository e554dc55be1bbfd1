"""Commits batches of messages to the store, in order."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from edge_pacing.backoff import Backoff
from edge_processor.batcher import Received
from edge_processor.metrics import ProcessorMetrics
from edge_processor.store_link import MAX_IN_FLIGHT_REQUESTS, StoreLink
from edge_service.store import StoreRefusedError
from edge_wire.store import StoreUnavailableError
from edge_wire.store.frames import CommitAnswer, CommitRequest, FrameError

logger = logging.getLogger(__name__)

_AGAIN = (StoreUnavailableError, StoreRefusedError, FrameError)


@dataclass(slots=True, eq=False)
class _Batch:
    request: CommitRequest
    stored: Callable[[CommitAnswer], None]
    sent_at: float = 0.0
    outcome: CommitAnswer | Exception | None = None
    waiting: asyncio.Future[CommitAnswer] | None = None


class Commits:
    """Commits batch after batch, each until it is stored: the order of each device is kept, also over failures.

    While nothing fails, each step is a call in the turn of the event loop in which something arrived; `run` has work
    only after a failure.
    """

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
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[_Batch] = deque()
        self._in_flight: deque[_Batch] = deque()
        self._has_stored = False
        self._has_ended = False
        self._failure: Exception | None = None
        self._failed = asyncio.Event()

    def submit(self, batch: Sequence[Received], stored: Callable[[CommitAnswer], None]) -> None:
        """Commit a batch; `stored` is called with the answer when it is committed, after all earlier batches.

        If `stored` raises, `run` does.
        """
        # Messages of several reads may share a batch if the store is slow: the earliest time is that of all.
        messages = [(each.device_id, each.payload) for each in batch]
        first = batch[0]
        request = CommitRequest(self._token, self._location, first.received_at, messages, first.queued_ms)
        self._waiting.append(_Batch(request, stored))
        self._send()

    async def run(self) -> None:
        """Commit until cancelled.

        Raises:
            FencedError: another replica is the ingester; nothing more may be acknowledged.
        """
        backoff = Backoff(first=0.1, longest=2.0)
        try:
            while True:
                await self._failed.wait()
                self._failed.clear()
                if self._failure is not None and not isinstance(self._failure, _AGAIN):
                    raise self._failure
                self._wait_again()
                if self._has_stored:
                    backoff.reset()
                    self._has_stored = False
                await asyncio.sleep(backoff.next())
                self._failure = None
                self._send()
        finally:
            self._has_ended = True
            for batch in self._in_flight:
                if batch.waiting is not None:
                    batch.waiting.cancel()

    def _send(self) -> None:
        while self._waiting and len(self._in_flight) < MAX_IN_FLIGHT_REQUESTS and self._is_in_order():
            batch = self._waiting.popleft()
            self._in_flight.append(batch)
            batch.sent_at = self._loop.time()
            batch.waiting = self._link.begin(batch.request, partial(self._answered, batch))

    def _is_in_order(self) -> bool:
        """Return whether no batch in flight has ended: one that has failed must be sent again before later ones."""
        return not (self._has_ended or self._failure) and all(each.outcome is None for each in self._in_flight)

    def _answered(self, batch: _Batch, outcome: CommitAnswer | Exception) -> None:
        batch.outcome = outcome
        while self._in_flight and not (self._has_ended or self._failure):
            oldest = self._in_flight[0]
            if oldest.outcome is None:
                break
            if isinstance(oldest.outcome, Exception):
                self._failure = oldest.outcome
                break
            self._in_flight.popleft()
            self._pass_on(oldest, oldest.outcome)
        self._send()
        # All in flight are sent again together, so that none of them arrives before an earlier one.
        if self._failure is not None and all(each.outcome is not None for each in self._in_flight):
            self._failed.set()

    def _pass_on(self, batch: _Batch, answer: CommitAnswer) -> None:
        self._has_stored = True
        self._metrics.commit.observe(self._loop.time() - batch.sent_at)
        try:
            batch.stored(answer)
        except Exception as error:  # noqa: BLE001 - `run` raises it
            self._failure = error
            self._failed.set()

    def _wait_again(self) -> None:
        """Let all batches in flight wait again, in their order, and report the failure."""
        for batch in self._in_flight:
            batch.outcome = None
        self._waiting.extendleft(reversed(self._in_flight))
        self._in_flight.clear()
        self._metrics.store_failures.inc()
        if isinstance(self._failure, StoreUnavailableError):
            logger.warning("readings wait for the store: %s", self._failure)
        else:
            # Malformed messages become dead letters; a refusal means another release, or another server.
            logger.error("readings wait: %s: check STORAGE_URL and the store's release", self._failure)
