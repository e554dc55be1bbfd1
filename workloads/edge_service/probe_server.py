"""`/health`, `/ready` and `/metrics` with asyncio only: an HTTP framework takes 15 MiB of memory."""

import asyncio
import json
import logging
from http import HTTPStatus
from types import TracebackType
from typing import Self

from edge_service.probes import ProbeAnswer, Probes
from edge_service.program import cannot_listen

REQUEST_SECONDS = 5.0
MAX_HEADERS = 100

logger = logging.getLogger(__name__)


class ProbeServer:
    """Answers the kubelet and Prometheus, as an asynchronous context manager.

    Attributes:
        port: the port it listens on, set when it has started.
    """

    def __init__(self, probes: Probes, host: str, port: int) -> None:
        """Prepare.

        Args:
            probes: have the answers.
            host: address to listen on.
            port: port to listen on; 0 takes a free one.
        """
        self.port = port
        self._host = host
        self._probes = probes
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        """Listen.

        Raises:
            StartError: the address is not available.
        """
        try:
            self._server = await asyncio.start_server(self._serve, self._host, self.port)
        except OSError as error:
            raise cannot_listen(self._host, self.port, error, "HOST or PORT") from error
        self.port = self._server.sockets[0].getsockname()[1]
        logger.info("listening on http://%s:%d", self._host, self.port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                writer.write(_response(self._answer(await _request_line(reader))))
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            logger.debug("a request was not answered: %s", error)
        finally:
            writer.close()

    def _answer(self, request: list[str]) -> ProbeAnswer:
        match request:
            case ["GET", "/health", *_]:
                return self._probes.health()
            case ["GET", "/ready", *_]:
                return self._probes.ready()
            case ["GET", "/metrics", *_]:
                return self._probes.metrics()
            case ["GET", _, *_]:
                return _refused(HTTPStatus.NOT_FOUND, "there are /health, /ready and /metrics")
            case [_, _, *_]:
                return _refused(HTTPStatus.METHOD_NOT_ALLOWED, "only GET is supported")
        return _refused(HTTPStatus.BAD_REQUEST, "this is not an HTTP request")


async def _request_line(reader: asyncio.StreamReader) -> list[str]:
    """Read a request and return the words of its first line, the path without its query."""
    first = (await reader.readuntil(b"\n")).decode("latin-1").split()
    for _ in range(MAX_HEADERS):
        if not (await reader.readuntil(b"\n")).strip():
            break
    return [word.partition("?")[0] for word in first]


def _refused(status: HTTPStatus, reason: str) -> ProbeAnswer:
    return ProbeAnswer(status, json.dumps({"status": reason}).encode())


def _response(answer: ProbeAnswer) -> bytes:
    head = (
        f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}\r\nContent-Type: {answer.media_type}\r\n"
        f"Content-Length: {len(answer.content)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + answer.content
