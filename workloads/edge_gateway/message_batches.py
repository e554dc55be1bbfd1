"""Stores messages of requests that wait at the same time with one request to the store."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edge_service.store import StoreClient, StoreRefusedError
from edge_wire.store import IngestResult, MessageResult, RawMessage, StoreUnavailableError

MAX_BATCH_BYTES = 512 * 1024
"""Payload bytes of a request to the store, which accepts 2 MiB of JSON with base64; a message alone may be larger."""

MAX_BATCH_MESSAGES = 500
MAX_WAITING_BYTES = 8 * 1024 * 1024
"""Payload bytes that may wait for the store at a time."""

logger = logging.getLogger(__name__)


class TooManyWaitingError(Exception):
    """Too many bytes wait for the store already: try again."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    message: RawMessage
    result: asyncio.Future[MessageResult]


class MessageBatches:
    """Sends one request to the store at a time; messages that arrive meanwhile form the next.

    A message that arrives while no request is under way is sent at once. Messages keep their order.

    Args:
        store: stores the messages.
        location: of the site.
        observe: called with the number of messages of each request that the store has carried out.
    """

    def __init__(self, store: StoreClient, location: str, observe: Callable[[int], None]) -> None:
        self._store = store
        self._location = location
        self._observe = observe
        self._waiting: deque[_Waiting] = deque()
        self._waiting_bytes = 0
        self._alone = 0
        self._sending: asyncio.Task[None] | None = None

    async def store(self, message: RawMessage) -> MessageResult:
        """Store a message; return its result, which is committed.

        Raises:
            TooManyWaitingError: it was not stored, as too many bytes wait already.
            StoreUnavailableError: the store is unavailable, or became so while the message waited.
            StoreRefusedError: the store refuses the message.
        """
        if self._waiting_bytes + len(message.payload) > MAX_WAITING_BYTES:
            raise TooManyWaitingError(f"{self._waiting_bytes} bytes already wait for the store: try again")
        result: asyncio.Future[MessageResult] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(message, result))
        self._waiting_bytes += len(message.payload)
        if self._sending is None:
            # A task of its own, so that a caller that is cancelled does not cancel the request of others.
            self._sending = asyncio.create_task(self._send_all())
        return await result

    async def _send_all(self) -> None:
        try:
            while self._waiting:
                await self._send(self._take())
        finally:
            self._sending = None

    def _take(self) -> list[_Waiting]:
        """Remove and return the messages of the next request, at least one."""
        batch: list[_Waiting] = []
        size = 0
        most = 1 if self._alone else MAX_BATCH_MESSAGES
        while self._waiting and len(batch) < most:
            size += len(self._waiting[0].message.payload)
            if batch and size > MAX_BATCH_BYTES:
                break
            batch.append(self._waiting.popleft())
        self._waiting_bytes -= _bytes(batch)
        self._alone = max(0, self._alone - len(batch))
        return batch

    async def _send(self, batch: Sequence[_Waiting]) -> None:
        try:
            messages = [each.message for each in batch]
            result = await self._store.store(messages, location=self._location, readings=False)
            _succeed(batch, result)
            self._observe(len(batch))
        except StoreRefusedError as error:
            if len(batch) > 1:
                self._put_back(batch)
            else:
                _fail(batch, error)
        except StoreUnavailableError as error:
            # For those that wait, too: while the store does not answer, nobody waits for more than two requests.
            _fail([*batch, *self._take_all()], error)
        except Exception as error:
            logger.exception("the answer to %d messages cannot be used", len(batch))
            _fail(batch, error)

    def _put_back(self, batch: Sequence[_Waiting]) -> None:
        """Let each message be sent alone: only those that the store refuses fail, not those sent with them."""
        self._waiting.extendleft(reversed(batch))
        self._waiting_bytes += _bytes(batch)
        self._alone = len(batch)

    def _take_all(self) -> list[_Waiting]:
        taken = list(self._waiting)
        self._waiting.clear()
        self._waiting_bytes = self._alone = 0
        return taken


def _bytes(batch: Sequence[_Waiting]) -> int:
    return sum(len(each.message.payload) for each in batch)


def _succeed(batch: Sequence[_Waiting], result: IngestResult) -> None:
    for each, message_result in zip(batch, result.results, strict=True):
        if not each.result.done():
            each.result.set_result(message_result)


def _fail(batch: Sequence[_Waiting], error: Exception) -> None:
    for each in batch:
        # It is done if its request was cancelled.
        if not each.result.done():
            each.result.set_exception(error)
