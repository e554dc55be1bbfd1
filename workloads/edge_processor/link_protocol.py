"""One connection to the store: requests go, answers and notifications come."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from typing import cast

from edge_processor.link_answers import Answered
from edge_service.tcp import configure
from edge_wire.store import StoreUnavailableError
from edge_wire.store.frames import (
    AnswerParts,
    CommitRequest,
    Frame,
    FrameBuffer,
    FrameError,
    Kind,
    decode_notification,
    encode_request,
)

_MAX_NUMBER = 2**32 - 1


class LinkProtocol(asyncio.Protocol):
    """The connection, as the event loop uses it.

    Attributes:
        ended: the cause, when the connection has ended.
        is_proven: whether the store has sent a frame, so that this is a store.
    """

    def __init__(self, on_notify: Callable[[int], None], timeout_seconds: float) -> None:
        """Prepare.

        Args:
            on_notify: called with the newest offset; must not raise.
            timeout_seconds: within which each request must be answered; else the connection is ended.
        """
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[str] = self._loop.create_future()
        self._timeout_seconds = timeout_seconds
        self._checking: asyncio.TimerHandle | None = None
        self.is_proven = False
        self._on_notify = on_notify
        self._transport: asyncio.Transport | None = None
        self._frames = FrameBuffer(Kind.ANSWER, Kind.NOTIFICATION)
        self._parts = AnswerParts()
        self._number = 0
        self._in_flight: deque[tuple[int, float, Answered]] = deque()
        self._cause: Exception | None = None

    @property
    def is_usable(self) -> bool:
        """Whether the connection has not ended."""
        return self._transport is not None and not self._transport.is_closing()

    def send(self, request: CommitRequest, answered: Answered) -> None:
        """Send `request`; `answered` is called with its answer, or with a StoreUnavailableError.

        Raises:
            FrameError: it cannot be encoded.
            StoreUnavailableError: the connection has ended.
        """
        if self._transport is None or not self.is_usable:
            raise StoreUnavailableError(f"the connection to the store has ended ({self._cause})")
        self._number = self._number % _MAX_NUMBER + 1
        data = encode_request(self._number, request)
        deadline = self._loop.time() + self._timeout_seconds
        self._in_flight.append((self._number, deadline, answered))
        if self._checking is None:
            self._checking = self._loop.call_at(deadline, self._check)
        self._transport.write(data)

    def abort(self, cause: Exception) -> None:
        """End the connection immediately because of `cause`; all requests in flight fail."""
        self._cause = cause
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        # OSError: it has ended already, which `connection_lost` reports.
        with contextlib.suppress(OSError):
            configure(transport.get_extra_info("socket"))

    def data_received(self, data: bytes) -> None:
        """Deliver what came."""
        try:
            for frame in self._frames.feed(data):
                self._deliver(frame)
        except FrameError as error:
            self.abort(error)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let all requests in flight fail."""
        cause = str(self._cause or exc or "the store closed it")
        if self._checking is not None:
            self._checking.cancel()
        while self._in_flight:
            *_, answered = self._in_flight.popleft()
            answered(StoreUnavailableError(f"lost the connection to the store ({cause}); the request may be stored"))
        if not self.ended.done():
            self.ended.set_result(cause)

    def _deliver(self, frame: Frame) -> None:
        self.is_proven = True
        if frame.kind is Kind.NOTIFICATION:
            self._on_notify(decode_notification(frame.body))
            return
        if not self._in_flight or self._in_flight[0][0] != frame.number:
            raise FrameError(f"an answer to the request {frame.number}, which is not the next one")
        answer = self._parts.add(frame.body)
        if answer is not None:
            *_, answered = self._in_flight.popleft()
            answered(answer)

    def _check(self) -> None:
        """End the connection if the oldest request waits for too long: one timer for many requests."""
        self._checking = None
        if not self._in_flight:
            return
        deadline = self._in_flight[0][1]
        if deadline <= self._loop.time():
            # The store's process may be stopped: a late answer must not arrive on this connection.
            self.abort(TimeoutError(f"no answer of the store within {self._timeout_seconds:g} s"))
        else:
            self._checking = self._loop.call_at(deadline, self._check)
