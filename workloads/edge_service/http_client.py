"""A small HTTP/1.1 client with a pool of connections. aiohttp takes 10 MiB of memory for the same."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from urllib.parse import urlsplit

from edge_service.http_connection import HttpAnswer, HttpClientError, HttpConnection

IDLE_SECONDS = 30.0
"""Time for which an unused connection is kept: shorter than the server keeps it."""

MAX_IDLE_CONNECTIONS = 64
MAX_ANSWER_BYTES = 64 * 1024 * 1024
"""Largest answer that is not read part by part: pages of the store have 4 MiB."""


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
        self._idle: list[HttpConnection] = []

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
            HttpClientError: the server closed the connection, or its answer is not HTTP, or too large.
            TimeoutError: there was no answer in time.
            OSError: the server cannot be reached.
        """
        sent = self._head(method, target, content, headers or {}) + (content or b"")
        async with asyncio.timeout(self._timeout_seconds), self._connection() as connection:
            answer = await connection.send(sent)
            answer.content = await _whole(connection.parts())
        return answer

    @contextlib.asynccontextmanager
    async def stream(
        self, target: str, headers: Mapping[str, str]
    ) -> AsyncIterator[tuple[HttpAnswer, AsyncGenerator[bytes, None]]]:
        """Send a GET request; the context has the head of its answer, and its parts, each within the timeout.

        A slow reader of the parts slows the server down.

        Raises:
            HttpClientError: as of `request`.
            TimeoutError: as of `request`.
            OSError: as of `request`.
        """
        async with self._connection() as connection:
            async with asyncio.timeout(self._timeout_seconds):
                answer = await connection.send(self._head("GET", target, None, headers))
            yield answer, connection.parts(self._timeout_seconds)

    def close(self) -> None:
        """Close the unused connections."""
        while self._idle:
            self._idle.pop().close()

    def _head(self, method: str, target: str, content: bytes | None, headers: Mapping[str, str]) -> bytes:
        lines = [f"{method} {self._path}{target} HTTP/1.1", f"Host: {self._host_header}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if content is not None:
            lines.append(f"Content-Length: {len(content)}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncIterator[HttpConnection]:
        """Lend a connection. It is closed if its answer was not read completely."""
        connection = self._unused() or await self._connect()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        if connection.is_free and len(self._idle) < MAX_IDLE_CONNECTIONS:
            connection.since = asyncio.get_running_loop().time()
            self._idle.append(connection)
        else:
            connection.close()

    def _unused(self) -> HttpConnection | None:
        oldest = asyncio.get_running_loop().time() - IDLE_SECONDS
        while self._idle:
            connection = self._idle.pop()
            if connection.is_free and connection.since > oldest:
                return connection
            connection.close()
        return None

    async def _connect(self) -> HttpConnection:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._timeout_seconds):
            _, connection = await loop.create_connection(HttpConnection, self._host, self._port, ssl=self._tls)
        return connection


async def _whole(parts: AsyncGenerator[bytes, None]) -> bytes:
    found: list[bytes] = []
    size = 0
    async for part in parts:
        found.append(part)
        size += len(part)
        if size > MAX_ANSWER_BYTES:
            raise HttpClientError(f"the answer has more than {MAX_ANSWER_BYTES} bytes")
    return b"".join(found)
