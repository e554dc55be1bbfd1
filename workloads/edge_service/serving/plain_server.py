"""An HTTP server for GET and HEAD on a few paths, with asyncio only: an HTTP framework takes 15 MiB of memory."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Self

from edge_service.serving.acceptor import Acceptor, listen
from edge_service.serving.connection_table import ConnectionTable, Slot
from edge_service.serving.limits import ConnectionLimits
from edge_service.serving.raw_response import RawResponse

REQUEST_SECONDS = 5.0
"""Seconds for a request and its response together."""

MAX_HEADERS = 100
MAX_LINE_BYTES = 16 * 1024

LIMITS = ConnectionLimits(connections=64, connections_per_source=48, reserve_connections=0)
"""Of a server that answers the kubelet and Prometheus."""

logger = logging.getLogger(__name__)


class _Connection(asyncio.StreamReaderProtocol):
    """One connection, for one request."""

    def __init__(self, slot: Slot, server: "PlainServer") -> None:
        self._slot = slot
        super().__init__(asyncio.StreamReader(limit=MAX_LINE_BYTES), server.serve)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to read the request."""
        if isinstance(transport, asyncio.Transport):
            self._slot.abort = transport.abort
            # `drain` returns when the client has received everything.
            transport.set_write_buffer_limits(high=0)
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Make room for another connection."""
        self._slot.release()
        super().connection_lost(exc)


class PlainServer:
    """Answers GET and HEAD, as an asynchronous context manager.

    Attributes:
        port: the port it listens on, set when it has started.
    """

    def __init__(
        self,
        answers: Mapping[str, Callable[[], RawResponse]],
        host: str,
        port: int,
        limits: ConnectionLimits = LIMITS,
        request_seconds: float = REQUEST_SECONDS,
    ) -> None:
        """Prepare.

        Args:
            answers: by path; each is called for a request.
            host: address to listen on.
            port: port to listen on; 0 takes a free one.
            limits: of connections.
            request_seconds: time for a request and its response together.
        """
        self.port = port
        self._host = host
        self._answers = answers
        self._request_seconds = request_seconds
        self._table = ConnectionTable(limits)
        self._acceptor: Acceptor | None = None

    async def __aenter__(self) -> Self:
        """Listen.

        Raises:
            OSError: the address is not available.
        """
        listener = listen(self._host, self.port)
        self.port = listener.getsockname()[1]
        self._acceptor = Acceptor(listener, self._table, lambda slot: _Connection(slot, self))
        self._acceptor.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening, and end the open connections."""
        if self._acceptor is not None:
            self._acceptor.stop()
            self._table.make_room(len(self._table))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the request of a connection, and close it."""
        try:
            async with asyncio.timeout(self._request_seconds):
                request = await _request_line(reader)
                writer.write(self._answer(request).encode(is_head=request[:1] == ["HEAD"]))
                await writer.drain()
            writer.close()
        except TimeoutError:
            detail = f"the request did not arrive within {self._request_seconds:g} s"
            if not writer.transport.get_write_buffer_size():
                writer.write(RawResponse.problem(HTTPStatus.REQUEST_TIMEOUT, "RequestTimeout", detail).encode())
            _end(writer)
        except (OSError, asyncio.IncompleteReadError, ValueError, asyncio.LimitOverrunError) as error:
            logger.debug("a request was not answered: %s", error)
            writer.transport.abort()

    def _answer(self, request: list[str]) -> RawResponse:
        match request:
            case ["GET" | "HEAD", path, *_]:
                if path in self._answers:
                    return self._answers[path]()
                detail = f"the paths are {', '.join(self._answers)}"
                return RawResponse.problem(HTTPStatus.NOT_FOUND, "RouteNotFound", detail)
            case [_, _, *_]:
                detail = "only GET and HEAD are supported"
                return RawResponse.problem(HTTPStatus.METHOD_NOT_ALLOWED, "MethodNotAllowed", detail, Allow="GET, HEAD")
        return RawResponse.problem(HTTPStatus.BAD_REQUEST, "InvalidRequest", "this is not an HTTP request")


async def _request_line(reader: asyncio.StreamReader) -> list[str]:
    """Read a request and return the words of its first line, the path without its query."""
    first = (await reader.readuntil(b"\n")).decode("latin-1").split()
    for _ in range(MAX_HEADERS):
        if not (await reader.readuntil(b"\n")).strip():
            break
    return [word.partition("?")[0] for word in first]


def _end(writer: asyncio.StreamWriter) -> None:
    # What the kernel does not take at once is for a client that does not read.
    if writer.transport.get_write_buffer_size():
        writer.transport.abort()
    else:
        writer.close()
