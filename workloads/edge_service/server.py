"""An HTTP server in the program's event loop, with limits and a graceful shutdown."""

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
from edge_service.serving.acceptor import Acceptor, listen
from edge_service.serving.connection_table import ConnectionTable, Slot
from edge_service.serving.limits import ConnectionLimits

KEEP_ALIVE_SECONDS = 75
"""Longer than our clients keep an idle connection, so that none of them sends on a closed one."""

DRAIN_SECONDS = 10
CHECK_SECONDS = 1.0
"""Seconds between two checks for clients that are too slow."""

logger = logging.getLogger(__name__)


class _Server(uvicorn.Server):
    """Uvicorn without signal handlers and without its listener, and with an event that is set when it listens."""

    def __init__(self, config: uvicorn.Config, listener: socket.socket, table: ConnectionTable) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()
        self._listener = listener
        self._table = table
        self._acceptor: Acceptor | None = None
        self._checking: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave the signals to the program."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and set `listening`."""
        await super().startup(sockets)
        self._acceptor = Acceptor(self._listener, self._table, self._connect, self.config.ssl)
        self._acceptor.start()
        self._checking = asyncio.create_task(self._check())
        self.listening.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept no more connections, and end those that are open."""
        if self._acceptor is not None:
            self._acceptor.stop()
        await super().shutdown(sockets)
        if self._checking is not None:
            self._checking.cancel()

    def _connect(self, slot: Slot) -> BoundedHttpProtocol:
        return BoundedHttpProtocol(
            slot,
            self._table.limits,
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )

    async def _check(self) -> None:
        """End the connections of clients that are too slow, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            now = loop.time()
            for connection in tuple(self.server_state.connections):
                if isinstance(connection, BoundedHttpProtocol) and (overdue := connection.check(now)) is not None:
                    self._table.ended(overdue.name.lower())


class HttpServer:
    """Serves an ASGI application as an asynchronous context manager; leaving it drains the open requests.

    Attributes:
        port: the port it listens on, set when it has started.
    """

    def __init__(self, app: Any, host: str, port: int, table: ConnectionTable | None = None, **options: Any) -> None:
        """Prepare.

        Args:
            app: the application.
            host: address to listen on.
            port: port to listen on; 0 takes a free one.
            table: of the connections, with their limits; servers may share one. None for one with the default limits.
            options: go to `uvicorn.Config`, such as `ssl_context_factory`.
        """
        self.port = port
        self._host = host
        self._table = ConnectionTable(ConnectionLimits()) if table is None else table
        self._config = uvicorn.Config(
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
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Listen and serve.

        Raises:
            StartError: the address is not available, or the application failed to start.
        """
        try:
            listener = listen(self._host, self.port)
        except OSError as error:
            raise cannot_listen(self._host, self.port, error, "HOST or PORT") from error
        self.port = listener.getsockname()[1]
        self._server = _Server(self._config, listener, self._table)
        self._serving = asyncio.create_task(self._server.serve([]))
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
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            await self._serving
