"""The processor's connection to the store for readings: binary frames, two requests in flight."""

import asyncio
import logging
import socket
from collections.abc import Callable
from functools import partial
from urllib.parse import urlsplit

from edge_pacing.backoff import Backoff
from edge_processor.link_answers import Answered, checked, report, settle
from edge_processor.link_protocol import LinkProtocol
from edge_service import daemon_thread
from edge_wire.store import StoreUnavailableError
from edge_wire.store.frames import CommitAnswer, CommitRequest, FrameError

MAX_IN_FLIGHT_REQUESTS = 2
"""So that neither side waits for the other."""

COMMIT_SECONDS = 10.0
CONNECT_SECONDS = 5.0
FIRST_RETRY_SECONDS = 0.1
LONGEST_RETRY_SECONDS = 2.0

logger = logging.getLogger(__name__)


class StoreLink:
    """Commits requests one after another; `run` keeps the connection.

    Attributes:
        port: of the store's listener for frames; a change applies to the next connection.
    """

    def __init__(
        self, url: str, port: int, on_notify: Callable[[int], None], timeout_seconds: float = COMMIT_SECONDS
    ) -> None:
        """Prepare.

        Args:
            url: of the store's HTTP server, on the same host.
            port: of the store's listener for frames.
            on_notify: called with the newest offset when readings were stored, by whichever way; must not raise.
            timeout_seconds: of a commit, with the wait for the connection.
        """
        self.port = port
        self._host = urlsplit(url).hostname or ""
        self._on_notify = on_notify
        self._timeout_seconds = timeout_seconds
        self._connection: LinkProtocol | None = None
        self._awaited: asyncio.Future[LinkProtocol] | None = None
        self._slots = asyncio.Semaphore(MAX_IN_FLIGHT_REQUESTS)
        self._order = asyncio.Lock()
        self._failures = 0

    async def run(self) -> None:
        """Stay connected until cancelled."""
        backoff = Backoff(FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS)
        try:
            while True:
                connection = await self._connect()
                if connection is not None:
                    cause = await asyncio.shield(connection.ended)
                    self._connection = None
                    logger.info("lost the connection to the store (%s); connecting again", cause)
                    if connection.is_proven:
                        backoff.reset()
                await asyncio.sleep(backoff.next())
        finally:
            if self._connection is not None:
                self._connection.abort(ConnectionError("the processor ended it"))
                self._connection = None

    def begin(self, request: CommitRequest, answered: Answered) -> asyncio.Future[CommitAnswer] | None:
        """Commit `request` as `commit` does, without a task if there is a connection.

        Args:
            request: the messages; the caller has at most `MAX_IN_FLIGHT_REQUESTS` at a time.
            answered: called with the answer after the commit, or with an error of `commit`; also before this returns.

        Returns:
            The request if it waits for a connection; if it is cancelled, `answered` is not called.
        """
        connection = self._connection
        if connection is None or self._order.locked() or not connection.is_usable:
            waiting = asyncio.create_task(self.commit(request, self._failures), name="commit")
            waiting.add_done_callback(partial(report, answered))
            return waiting

        def check(outcome: CommitAnswer | Exception) -> None:
            result = checked(outcome)
            if isinstance(result, Exception):
                self._failures += 1
            answered(result)

        try:
            connection.send(request, check)
        except (FrameError, StoreUnavailableError) as error:
            check(error)
        return None

    async def commit(self, request: CommitRequest, failures: int | None = None) -> CommitAnswer:
        """Return the answer after the store has committed `request`.

        Up to two requests are sent before the first is answered; the store commits them in the order of the calls. If
        one fails, those that were called before the failure fail too: wait for all of them, then send them again in
        their order.

        Args:
            request: the messages.
            failures: number of failures at the time of the call, if this runs later, as a task does.

        Raises:
            FencedError: another replica is the ingester.
            StoreUnavailableError: it is not certain that it is stored; send it again. The store recognizes duplicates
                by their session and seq; a reading without them may be stored twice.
            StoreRefusedError: the store refuses it as wrong.
            FrameError: it cannot be encoded; nothing was sent.
        """
        if failures is None:
            failures = self._failures
        try:
            return await self._answer(request, failures)
        except BaseException:
            self._failures += 1
            raise

    async def _answer(self, request: CommitRequest, failures: int) -> CommitAnswer:
        sent_on: LinkProtocol | None = None
        try:
            async with asyncio.timeout(self._timeout_seconds), self._slots:
                async with self._order:
                    connection = await self._connected()
                    if self._failures != failures:
                        raise StoreUnavailableError("an earlier request failed, so this one was not sent")
                    answer: asyncio.Future[CommitAnswer] = asyncio.get_running_loop().create_future()
                    connection.send(request, partial(settle, answer))
                    sent_on = connection
                return await answer
        except TimeoutError:
            cause = StoreUnavailableError(
                f"no answer of the store at {self._host}:{self.port} within {self._timeout_seconds:g} s"
            )
            if sent_on is not None:
                # The store's process may be stopped: a late answer must not arrive on this connection.
                sent_on.abort(cause)
            raise cause from None

    async def _connected(self) -> LinkProtocol:
        """Return the connection, or the result of the next attempt; `_order` allows one caller."""
        if self._connection is not None and self._connection.is_usable:
            return self._connection
        self._awaited = asyncio.get_running_loop().create_future()
        try:
            return await self._awaited
        finally:
            self._awaited = None

    async def _connect(self) -> LinkProtocol | None:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                connection = await self._open()
        except OSError as error:
            cause = f"cannot connect to the store at {self._host}:{self.port}: {error!r}"
            logger.warning("%s; trying again", cause)
            if self._awaited is not None and not self._awaited.done():
                self._awaited.set_exception(StoreUnavailableError(cause))
            return None
        self._connection = connection
        if self._awaited is not None and not self._awaited.done():
            self._awaited.set_result(connection)
        return connection

    async def _open(self) -> LinkProtocol:
        """Connect to the first address that accepts the connection.

        Raises:
            OSError: the host has no address, or none accepts it.
        """
        host, port = self._host, self.port
        addresses = await daemon_thread.start(
            lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM), "resolve-store"
        )
        problem = OSError("the host has no address")
        for *_, address in addresses:
            try:
                _, connection = await asyncio.get_running_loop().create_connection(
                    lambda: LinkProtocol(self._on_notify, self._timeout_seconds), str(address[0]), port
                )
            except OSError as error:
                problem = error
            else:
                return connection
        raise problem
