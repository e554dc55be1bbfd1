"""One device's connection joined to one connection to the broker: two ends, each sending what the other receives."""

import asyncio
import socket
from collections.abc import Callable

BUFFER_BYTES = 64 * 1024
"""At most so much waits for a slow reader, in each direction; then the other end is not read from."""

HALF_CLOSED_SECONDS = 30.0
"""So long may one end still send after the other has said that it will not."""

_IDLE_SECONDS = 60
_PROBE_SECONDS = 10
_PROBES = 3


class End(asyncio.Protocol):
    """One end of a pipe.

    Args:
        closed: called once when the connection is gone.
    """

    __slots__ = ("_closed", "_deadline", "ended", "peer", "transport")

    def __init__(self, closed: Callable[["End"], None]) -> None:
        self._closed = closed
        self.ended = False
        self._deadline: asyncio.TimerHandle | None = None
        self.peer: End | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport; nothing is read from it until the pipe is joined."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a pipe connects TCP connections")
        transport.pause_reading()
        transport.set_write_buffer_limits(high=BUFFER_BYTES)
        _enable_keepalive(transport)
        self.transport = transport

    def join(self, peer: "End") -> None:
        """Send what comes from `peer` and the other way round."""
        self.peer, peer.peer = peer, self
        for end in (self, peer):
            if end.transport is not None:
                end.transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        """Hand over what came."""
        if self.peer is not None and self.peer.transport is not None:
            self.peer.transport.write(data)

    def eof_received(self) -> bool:
        """Tell the other end that no more comes; it may go on sending for a while."""
        self.ended = True
        peer = self.peer
        if peer is None or peer.transport is None or peer.transport.is_closing():
            return False
        if peer.ended:
            # Both have said all: what is still buffered goes out as the transports close.
            peer.transport.close()
            return False
        peer.transport.write_eof()
        self._deadline = asyncio.get_running_loop().call_later(HALF_CLOSED_SECONDS, self.abort)
        return True

    def pause_writing(self) -> None:
        """Stop reading what we could only pile up."""
        if self.peer is not None and self.peer.transport is not None and not self.peer.transport.is_closing():
            self.peer.transport.pause_reading()

    def resume_writing(self) -> None:
        """Read on."""
        if self.peer is not None and self.peer.transport is not None and not self.peer.transport.is_closing():
            self.peer.transport.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        """Close the other end too, as this one was closed: in order, or at once."""
        if self._deadline is not None:
            self._deadline.cancel()
        self.transport = None
        if self.peer is not None:
            self.peer.abort() if error is not None else self.peer.close()
            self.peer.peer = None
            self.peer = None
        self._closed(self)

    def close(self) -> None:
        """Close once everything that waits has been sent."""
        if self.transport is not None:
            self.transport.close()

    def abort(self) -> None:
        """Close now."""
        if self.transport is not None:
            self.transport.abort()


def _enable_keepalive(transport: asyncio.Transport) -> None:
    # A device that lost its power says nothing; without this its half of a closed pipe would stay for ever.
    raw = transport.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _IDLE_SECONDS)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _PROBE_SECONDS)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, _PROBES)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
