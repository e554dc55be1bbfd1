"""Accepts the connections of a server within its limits; it survives a lack of file descriptors."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from functools import partial

from edge_service.serving.connection_table import ConnectionTable, Slot

MAX_ACCEPTED = 64
"""Maximum number of connections that are accepted in one turn of the event loop."""

RETRY_SECONDS = 0.1
"""Pause after an error, in seconds; the connections wait in the backlog."""

BACKLOG_CONNECTIONS = 2048

Connect = Callable[[Slot], asyncio.Protocol]
"""Returns the protocol of a new connection; it releases the slot when the connection is lost."""

logger = logging.getLogger(__name__)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on `host` and `port`; port 0 takes a free one.

    Raises:
        OSError: the address is not available.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sets TCP_NODELAY only on sockets of this protocol. Without it, each response waits for up to 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG_CONNECTIONS)
    except OSError:
        listener.close()
        raise
    listener.settimeout(0)
    return listener


class Acceptor:
    """Accepts connections from `start` to `stop`.

    asyncio's own server accepts as many connections as its backlog has before anything else happens, and when there are
    no file descriptors left it waits for a second, with a line in the log for each connection.

    Args:
        listener: the socket; closed by `stop`.
        table: which connections are accepted.
        connect: returns the protocol of a connection.
        tls: of the connections; None for none.
    """

    def __init__(
        self, listener: socket.socket, table: ConnectionTable, connect: Connect, tls: ssl.SSLContext | None = None
    ) -> None:
        self._listener = listener
        self._table = table
        self._connect = connect
        self._tls = tls
        self._loop = asyncio.get_running_loop()
        self._opening: set[asyncio.Task[None]] = set()
        self._retry: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Accept connections."""
        self._retry = None
        self._loop.add_reader(self._listener, self._accept)

    def stop(self) -> None:
        """Accept no more connections; those that are open stay open."""
        if self._retry is not None:
            self._retry.cancel()
        if self._listener.fileno() >= 0:
            self._loop.remove_reader(self._listener)
            self._listener.close()
        for task in self._opening:
            task.cancel()

    def _accept(self) -> None:
        for _ in range(MAX_ACCEPTED):
            try:
                accepted, address = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._pause(error)
                return
            self._open(accepted, str(address[0]))

    def _pause(self, error: OSError) -> None:
        logger.warning("cannot accept a connection; trying again in %g s: %s", RETRY_SECONDS, error)
        self._table.make_room(MAX_ACCEPTED)
        self._loop.remove_reader(self._listener)
        self._retry = self._loop.call_later(RETRY_SECONDS, self.start)

    def _open(self, accepted: socket.socket, source: str) -> None:
        slot = self._table.admit(source)
        if slot is None:
            logger.warning("closed a connection of %s at once: there are %d already", source, len(self._table))
            accepted.close()
            return
        accepted.settimeout(0)
        task = self._loop.create_task(self._hand_over(accepted, slot))
        slot.abort = task.cancel
        self._opening.add(task)
        task.add_done_callback(partial(self._opened, accepted, slot))

    async def _hand_over(self, accepted: socket.socket, slot: Slot) -> None:
        await self._loop.connect_accepted_socket(
            lambda: self._connect(slot),
            accepted,
            ssl=self._tls,
            ssl_handshake_timeout=self._table.limits.head_seconds if self._tls else None,
            ssl_shutdown_timeout=self._table.limits.closing_seconds if self._tls else None,
        )

    def _opened(self, accepted: socket.socket, slot: Slot, task: asyncio.Task[None]) -> None:
        # A callback of the task: one that is cancelled before its first step would release nothing itself.
        self._opening.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is None and not task.cancelled():
            return
        slot.release()
        accepted.close()
        if error is not None:
            level = logging.DEBUG if isinstance(error, OSError) else logging.ERROR
            logger.log(level, "a connection of %s was not opened: %s", slot.source, error)
