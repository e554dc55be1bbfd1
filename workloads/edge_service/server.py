"""An HTTP server in the program's event loop, with a graceful shutdown."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Generator
from types import TracebackType
from typing import Any, Self

import uvicorn

from edge_service.http_protocol import BoundedHttpProtocol
from edge_service.program import StartError, cannot_listen

KEEP_ALIVE_SECONDS = 75
"""Longer than our clients keep an idle connection, so that none of them sends on a closed one."""

DRAIN_SECONDS = 10
BACKLOG_CONNECTIONS = 2048

logger = logging.getLogger(__name__)


class _Server(uvicorn.Server):
    """Uvicorn without signal handlers, and with an event that is set when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave the signals to the program."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and set `listening`."""
        await super().startup(sockets)
        self.listening.set()


class HttpServer:
    """Serves an ASGI application as an asynchronous context manager; leaving it drains the open requests.

    Attributes:
        port: the port it listens on, set when it has started.
    """

    def __init__(self, app: Any, host: str, port: int, **options: Any) -> None:
        """Prepare; `options` go to `uvicorn.Config`, such as `ssl_certfile`."""
        self.port = port
        self._host = host
        self._server = _Server(
            uvicorn.Config(
                app,
                # Not "auto": without httptools that would use a parser in Python, which needs four times the CPU time.
                http=BoundedHttpProtocol,
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=DRAIN_SECONDS,
                **options,
            )
        )
        self._serving: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Listen and serve.

        Raises:
            StartError: the address is not available, or the application failed to start.
        """
        listener = self._listen()
        self.port = listener.getsockname()[1]
        self._serving = asyncio.create_task(self._server.serve([listener]))
        listening = asyncio.create_task(self._server.listening.wait())
        await asyncio.wait({self._serving, listening}, return_when=asyncio.FIRST_COMPLETED)
        if self._serving.done():
            listening.cancel()
            listener.close()
            await self._serving
            raise StartError("the HTTP application ended during its start")
        logger.info("listening on http://%s:%d", self._host, self.port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Accept no new requests, finish the open ones (for up to 10 s), stop."""
        self._server.should_exit = True
        if self._serving is not None:
            await self._serving

    def _listen(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        # asyncio sets TCP_NODELAY only on sockets of this protocol. Without it, each response waits for up to 40 ms.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((self._host, self.port))
            listener.listen(BACKLOG_CONNECTIONS)
        except OSError as error:
            listener.close()
            raise cannot_listen(self._host, self.port, error, "HOST or PORT") from error
        listener.settimeout(0)
        return listener
