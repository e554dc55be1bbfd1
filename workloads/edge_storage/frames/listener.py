"""Listens for processors, and serves each connection in a thread of its own."""

import contextlib
import logging
import socket
import threading
import time
from types import TracebackType
from typing import Self

from edge_service.program import cannot_listen
from edge_service.tcp import configure
from edge_storage.frames.committer import Committer
from edge_storage.frames.connection import Connection

MAX_CONNECTIONS = 8
"""Connections at the same time; a site has one ingester, and its standby replicas do not connect."""

IDLE_SECONDS = 600.0
"""Seconds without a request after which a connection is closed; the processor opens another one."""

STOP_SECONDS = 1.0
"""Seconds within which the requests in progress are answered when the listener stops."""

RETRY_SECONDS = 0.5
"""Seconds between two attempts to accept connections after an error."""

BACKLOG_CONNECTIONS = 16

logger = logging.getLogger(__name__)


class IngestListener:
    """Serves processors from its start to its stop; a context manager.

    Attributes:
        port: the port it listens on, set when it has started.
    """

    def __init__(self, host: str, port: int, commit: Committer, idle_seconds: float = IDLE_SECONDS) -> None:
        """Prepare.

        Args:
            host: address to listen on, of IPv4 or IPv6.
            port: to listen on; 0 for a free one.
            commit: stores a request; called in the threads of the connections.
            idle_seconds: without a request, after which a connection is closed.
        """
        self.port = port
        self._host = host
        self._commit = commit
        self._idle_seconds = idle_seconds
        self._listener: socket.socket | None = None
        self._accepting: threading.Thread | None = None
        self._lock = threading.Lock()
        self._connections: dict[Connection, threading.Thread] = {}
        self._newest = 0
        self._stopping = threading.Event()

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    def start(self) -> None:
        """Listen and serve.

        Raises:
            StartError: the address is not available.
        """
        is_v6 = ":" in self._host
        try:
            listener = socket.create_server(
                (self._host, self.port),
                family=socket.AF_INET6 if is_v6 else socket.AF_INET,
                backlog=BACKLOG_CONNECTIONS,
                dualstack_ipv6=is_v6 and socket.has_dualstack_ipv6(),
            )
        except OSError as error:
            raise cannot_listen(self._host, self.port, error, "HOST or INGEST_PORT") from error
        self.port = listener.getsockname()[1]
        self._listener = listener
        self._accepting = threading.Thread(target=self._accept, args=(listener,), name="ingest-listener", daemon=True)
        self._accepting.start()
        logger.info("accepting frames of the processor on %s:%d", self._host, self.port)

    def notify(self, offset: int) -> None:
        """Send the newest `offset` to each processor, also to those that connect later. Never waits; any thread."""
        with self._lock:
            self._newest = max(self._newest, offset)
            connections = tuple(self._connections)
        for connection in connections:
            connection.notify(offset)

    def stop(self) -> None:
        """Accept nothing more, answer the requests in progress, and end within `STOP_SECONDS`."""
        deadline = time.monotonic() + STOP_SECONDS
        with self._lock:
            self._stopping.set()
            serving = dict(self._connections)
        if self._accepting is not None and self._listener is not None:
            # Closing it does not wake the thread that accepts.
            self._listener.shutdown(socket.SHUT_RDWR)
            self._accepting.join()
            self._listener.close()
        for connection in serving:
            connection.stop()
        for thread in serving.values():
            thread.join(max(0.0, deadline - time.monotonic()))
        for connection, thread in serving.items():
            if thread.is_alive():
                logger.warning("ended the connection of %s, which did not end in time", connection.peer)
                connection.abort()

    def _accept(self, listener: socket.socket) -> None:
        while not self._stopping.is_set():
            try:
                connected, address = listener.accept()
                self._serve(connected, f"{address[0]}:{address[1]}")
            except (OSError, RuntimeError) as error:
                # Such as too many open files, or no more threads: the backlog waits.
                if not self._stopping.wait(RETRY_SECONDS):
                    logger.warning("cannot accept a connection of a processor: %s", error)

    def _serve(self, connected: socket.socket, peer: str) -> None:
        with contextlib.ExitStack() as unless_served, self._lock:
            unless_served.callback(connected.close)
            if self._stopping.is_set():
                return
            if len(self._connections) >= MAX_CONNECTIONS:
                logger.warning("refused a connection of %s: %d are open", peer, MAX_CONNECTIONS)
                return
            configure(connected)
            connection = Connection(connected, peer, self._commit, self._newest, self._idle_seconds)
            thread = threading.Thread(target=self._run, args=(connection,), name="ingest-connection", daemon=True)
            thread.start()
            self._connections[connection] = thread
            unless_served.pop_all()

    def _run(self, connection: Connection) -> None:
        try:
            connection.serve()
        finally:
            # Not the other way around: a peer that sees the end may connect again.
            with self._lock:
                del self._connections[connection]
            connection.close()
