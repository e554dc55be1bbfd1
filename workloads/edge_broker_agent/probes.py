"""`/health`, `/ready` and `/metrics` with asyncio only: FastAPI would exceed the agent's memory limit."""

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from edge_service.program import StartError

REQUEST_SECONDS = 5.0
MAX_HEADERS = 100
REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable"}

logger = logging.getLogger(__name__)


class ProbeServer:
    """Answers the kubelet and Prometheus, as an asynchronous context manager.

    Attributes:
        port: the port it listens on, set when it has started.
    """

    def __init__(
        self, host: str, port: int, registry: CollectorRegistry, waiting_for: Callable[[], Sequence[str]]
    ) -> None:
        """Prepare.

        Args:
            host: address to listen on.
            port: port to listen on; 0 takes a free one.
            registry: the metrics to show.
            waiting_for: what is missing for Mosquitto's start; empty if nothing is.
        """
        self.port = port
        self._host = host
        self._registry = registry
        self._waiting_for = waiting_for
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        """Listen.

        Raises:
            StartError: the address is not available.
        """
        try:
            self._server = await asyncio.start_server(self._serve, self._host, self.port)
        except OSError as error:
            raise StartError(
                f"cannot listen on {self._host}:{self.port} ({error.strerror or error}): set HOST or PORT"
            ) from error
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
                status, content_type, content = self._answer(await _request_line(reader))
                head = f"HTTP/1.1 {status} {REASONS[status]}\r\nContent-Type: {content_type}\r\n"
                writer.write(f"{head}Content-Length: {len(content)}\r\nConnection: close\r\n\r\n".encode() + content)
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            logger.debug("a request was not answered: %s", error)
        finally:
            writer.close()

    def _answer(self, request: list[str]) -> tuple[int, str, bytes]:
        match request:
            case ["GET", "/health", *_]:
                return _json(200, {"status": "healthy"})
            case ["GET", "/ready", *_]:
                missing = list(self._waiting_for())
                return (
                    _json(503, {"status": "not ready", "waiting_for": missing})
                    if missing
                    else _json(200, {"status": "ready"})
                )
            case ["GET", "/metrics", *_]:
                return 200, CONTENT_TYPE_LATEST, generate_latest(self._registry)
            case ["GET", _, *_]:
                return _json(404, {"status": "there are /health, /ready and /metrics"})
            case [_, _, *_]:
                return _json(405, {"status": "only GET is supported"})
        return _json(400, {"status": "this is not an HTTP request"})


async def _request_line(reader: asyncio.StreamReader) -> list[str]:
    """Read a request and return the words of its first line, the path without its query."""
    first = (await reader.readuntil(b"\n")).decode("latin-1").split()
    for _ in range(MAX_HEADERS):
        if not (await reader.readuntil(b"\n")).strip():
            break
    return [word.partition("?")[0] for word in first]


def _json(status: int, content: dict[str, Any]) -> tuple[int, str, bytes]:
    return status, "application/json", json.dumps(content).encode()
