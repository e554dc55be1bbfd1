"""One device's connection joined to one connection to the broker: two ends, each sending what the other receives."""

import asyncio
import socket
from collections.abc import Callable

BUFFER_BYTES = 64 * 1024
"""Maximum bytes buffered for a slow reader, in each direction; beyond it the other end is not read."""

HALF_CLOSED_SECONDS = 30.0
"""Seconds that one end may still send after the other has sent EOF."""

_IDLE_SECONDS = 60
_PROBE_SECONDS = 10
_PROBES = 3


class End(asyncio.Protocol):
    """One end of a pipe.

    Args:
        closed: called once when the connection has ended.
    """

    __slots__ = ("_closed", "_deadline", "ended", "peer", "transport")

    def __init__(self, closed: Callable[["End"], None]) -> None:
        self._closed = closed
        self.ended = False
        self._deadline: asyncio.TimerHandle | None = None
        self.peer: End | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Store the transport; nothing is read from it until the pipe is joined."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a pipe connects TCP connections")
        transport.pause_reading()
        transport.set_write_buffer_limits(high=BUFFER_BYTES)
        _enable_keepalive(transport)
        self.transport = transport

    def join(self, peer: "End") -> None:
        """Connect this end with `peer`, in both directions."""
        self.peer, peer.peer = peer, self
        for end in (self, peer):
            if end.transport is not None:
                end.transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        """Send received data to the other end."""
        if self.peer is not None and self.peer.transport is not None:
            self.peer.transport.write(data)

    def eof_received(self) -> bool:
        """Send EOF to the other end, which may go on sending for `HALF_CLOSED_SECONDS`."""
        self.ended = True
        peer = self.peer
        if peer is None or peer.transport is None or peer.transport.is_closing():
            return False
        if peer.ended:
            # Both ends have sent EOF: closing the transports flushes what is buffered.
            peer.transport.close()
            return False
        peer.transport.write_eof()
        self._deadline = asyncio.get_running_loop().call_later(HALF_CLOSED_SECONDS, self.abort)
        return True

    def pause_writing(self) -> None:
        """Stop reading from the other end while this one cannot send."""
        if self.peer is not None and self.peer.transport is not None and not self.peer.transport.is_closing():
            self.peer.transport.pause_reading()

    def resume_writing(self) -> None:
        """Read from the other end again."""
        if self.peer is not None and self.peer.transport is not None and not self.peer.transport.is_closing():
            self.peer.transport.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        """Close the other end in the same way: gracefully, or by an abort."""
        if self._deadline is not None:
            self._deadline.cancel()
        self.transport = None
        if self.peer is not None:
            self.peer.abort() if error is not None else self.peer.close()
            self.peer.peer = None
            self.peer = None
        self._closed(self)

    def close(self) -> None:
        """Close after all buffered data has been sent."""
        if self.transport is not None:
            self.transport.close()

    def abort(self) -> None:
        """Close without sending buffered data."""
        if self.transport is not None:
            self.transport.abort()


def _enable_keepalive(transport: asyncio.Transport) -> None:
    # A device that lost its power sends nothing; without keepalive its connection would stay open forever.
    raw = transport.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _IDLE_SECONDS)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _PROBE_SECONDS)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, _PROBES)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
