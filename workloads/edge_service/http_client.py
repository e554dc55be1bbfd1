"""A small HTTP/1.1 client on httptools, with a pool of connections. aiohttp takes 10 MiB of memory for the same."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlsplit

import httptools

IDLE_SECONDS = 30.0
"""Time for which an unused connection is kept: shorter than the server keeps it."""

MAX_IDLE_CONNECTIONS = 64
MAX_ANSWER_BYTES = 64 * 1024 * 1024
"""Largest answer: pages of the store have 4 MiB."""


class HttpClientError(Exception):
    """There is no answer, or the answer is not valid HTTP. The request may have been carried out."""


@dataclass(slots=True)
class HttpAnswer:
    """An answer.

    Attributes:
        status: its HTTP status.
        headers: by name in lower case.
        content: its body.
    """

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes = b""


class HttpClient:
    """Sends requests to one server; each has a connection of its own while it is answered."""

    def __init__(self, url: str, timeout_seconds: float) -> None:
        """Prepare.

        Args:
            url: scheme, host and port of the server, perhaps the beginning of all paths.
            timeout_seconds: of a request, with its connection.
        """
        parts = urlsplit(url)
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if self._tls else 80)
        self._host_header = parts.netloc.rpartition("@")[2]
        _, slash, path = url.partition("://")[2].partition("/")
        self._path = f"{slash}{path}".rstrip("/")
        self._timeout_seconds = timeout_seconds
        self._idle: list[_Connection] = []

    async def request(
        self, method: str, target: str, content: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> HttpAnswer:
        """Send a request and return its answer, whatever its status.

        Args:
            method: of the request.
            target: path and query, encoded for a URL.
            content: the body; None for none.
            headers: of the request, besides `Host` and `Content-Length`.

        Raises:
            HttpClientError: the server closed the connection, or its answer is not HTTP.
            TimeoutError: there was no answer in time.
            OSError: the server cannot be reached.
        """
        lines = [f"{method} {self._path}{target} HTTP/1.1", f"Host: {self._host_header}"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        if content is not None:
            lines.append(f"Content-Length: {len(content)}")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        async with asyncio.timeout(self._timeout_seconds):
            connection = self._unused() or await self._connect()
            try:
                answer = await connection.exchange(head + (content or b""))
            except BaseException:
                connection.close()
                raise
        if connection.is_open and len(self._idle) < MAX_IDLE_CONNECTIONS:
            connection.since = asyncio.get_running_loop().time()
            self._idle.append(connection)
        else:
            connection.close()
        return answer

    def close(self) -> None:
        """Close the unused connections."""
        while self._idle:
            self._idle.pop().close()

    def _unused(self) -> "_Connection | None":
        oldest = asyncio.get_running_loop().time() - IDLE_SECONDS
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open and connection.since > oldest:
                return connection
            connection.close()
        return None

    async def _connect(self) -> "_Connection":
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(_Connection, self._host, self._port, ssl=self._tls)
        return connection


class _Connection(asyncio.Protocol):
    """One connection, with one request at a time; httptools calls the methods that begin with `on_`.

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
        self._parts: list[bytes] = []
        self._size_bytes = 0
        self._done: asyncio.Future[HttpAnswer] | None = None

    async def exchange(self, request: bytes) -> HttpAnswer:
        """Send a request and return its answer.

        Raises:
            HttpClientError: there is none.
        """
        if self._transport is None or not self.is_open:
            raise HttpClientError("the server closed the connection")
        self._answer, self._parts, self._size_bytes = HttpAnswer(), [], 0
        self._done = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._done

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

    def on_body(self, part: bytes) -> None:
        """Keep a part of the body."""
        self._parts.append(part)
        self._size_bytes += len(part)
        if self._size_bytes > MAX_ANSWER_BYTES:
            self._fail(f"the answer has more than {MAX_ANSWER_BYTES} bytes")

    def on_message_complete(self) -> None:
        """Deliver the answer."""
        if self._parser.get_status_code() < HTTPStatus.OK:
            self._fail("the answer is interim, although nothing asked for one")
            return
        done, self._done = self._done, None
        if done is None or done.done():
            # An answer without a request: which request the next one belongs to is unknown.
            self.close()
            return
        self._answer.status = self._parser.get_status_code()
        self._answer.content = b"".join(self._parts)
        self.is_open = self._parser.should_keep_alive()
        done.set_result(self._answer)

    def _fail(self, reason: str) -> None:
        done, self._done = self._done, None
        self.close()
        if done is not None and not done.done():
            done.set_exception(HttpClientError(reason))
