"""One connection of the HTTP client, on httptools; one request at a time."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from http import HTTPStatus

import httptools

MAX_BUFFERED_BYTES = 1024 * 1024
"""Bytes of an answer that wait for a slow reader; beyond it the connection is not read."""


class HttpClientError(Exception):
    """There is no answer, or the answer is not valid HTTP. The request may have been carried out."""


@dataclass(slots=True)
class HttpAnswer:
    """An answer.

    Attributes:
        status: its HTTP status.
        headers: by name in lower case.
        content: its body; empty if its parts are read one after another.
    """

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes = b""


class HttpConnection(asyncio.Protocol):
    """A connection; httptools calls the methods that begin with `on_`.

    Attributes:
        is_open: whether another request may be sent.
        since: when it was last used, in seconds of the event loop's clock.
    """

    def __init__(self) -> None:
        self.is_open = True
        self.since = 0.0
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._answer = HttpAnswer()
        self._parts: deque[bytes] = deque()
        self._buffered_bytes = 0
        self._is_complete = False
        self._failure: str | None = None
        self._head: asyncio.Future[HttpAnswer] | None = None
        self._more = asyncio.Event()

    @property
    def is_free(self) -> bool:
        """Whether the connection is open, and the last answer was read completely."""
        return self.is_open and self._is_complete and not self._parts

    async def send(self, request: bytes) -> HttpAnswer:
        """Send a request and return the head of its answer; `parts` returns the body.

        Raises:
            HttpClientError: there is no answer.
        """
        if self._transport is None or not self.is_open:
            raise HttpClientError("the server closed the connection")
        self._answer, self._is_complete = HttpAnswer(), False
        self._head = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._head

    async def parts(self, seconds: float | None = None) -> AsyncGenerator[bytes, None]:
        """Yield the body of the answer, part by part.

        Args:
            seconds: within which each part must arrive; None without a limit.

        Raises:
            HttpClientError: the answer is incomplete.
            TimeoutError: no part arrived in time.
        """
        while True:
            while self._parts:
                part = self._parts.popleft()
                self._buffered_bytes -= len(part)
                self._read_on()
                yield part
            if self._failure is not None:
                raise HttpClientError(self._failure)
            if self._is_complete:
                return
            self._more.clear()
            async with asyncio.timeout(seconds):
                await self._more.wait()

    def close(self) -> None:
        """Close the connection."""
        self.is_open = False
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Parse received bytes."""
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(f"the answer is not valid HTTP: {error}")

    def connection_lost(self, error: Exception | None) -> None:
        """Fail the request that waits for its answer."""
        self._fail(f"the server closed the connection{f' ({error})' if error else ''}")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header."""
        self._answer.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """Deliver the head of the answer."""
        self._answer.status = self._parser.get_status_code()
        head, self._head = self._head, None
        if self._answer.status < HTTPStatus.OK:
            self._head = head
            self._fail("the answer is interim, although nothing asked for one")
        elif head is None or head.done():
            # An answer without a request: which request the next one belongs to is unknown.
            self.close()
        else:
            head.set_result(self._answer)

    def on_body(self, part: bytes) -> None:
        """Keep a part of the body."""
        self._parts.append(part)
        self._buffered_bytes += len(part)
        if self._buffered_bytes > MAX_BUFFERED_BYTES and self._transport is not None:
            self._transport.pause_reading()
        self._more.set()

    def on_message_complete(self) -> None:
        """End the answer."""
        self.is_open = self.is_open and self._parser.should_keep_alive()
        self._is_complete = True
        self._more.set()

    def _read_on(self) -> None:
        if self._buffered_bytes <= MAX_BUFFERED_BYTES and self._transport is not None:
            self._transport.resume_reading()

    def _fail(self, reason: str) -> None:
        head, self._head = self._head, None
        self.close()
        if not self._is_complete and self._failure is None:
            self._failure = reason
        self._more.set()
        if head is not None and not head.done():
            head.set_exception(HttpClientError(reason))
