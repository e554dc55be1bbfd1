"""The transport of one connection: paced reads, one write a turn, keepalive."""

import asyncio
from typing import cast

from edge_mqtt5 import PINGREQ, Due, Keepalive, disconnect

READ_PAUSE_SECONDS = 0.02
"""Time from one read to the next one: what arrives within it is one batch."""

FULL_READ_BYTES = 100_000
"""After a read of this size the next one follows at once: more is waiting."""

MAX_TICK_SECONDS = 1.0
"""Maximum time between two checks of the keepalive."""

WRITE_BUFFER_BYTES = 4 * 1024 * 1024
"""Bytes that wait for the socket, beyond which nothing more is written."""


class Wire(asyncio.Protocol):
    """The transport of one connection; subclasses handle what is received.

    Attributes:
        paces_reads: whether reads are paced; not before the session is established.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.paces_reads = False
        self._transport: asyncio.Transport | None = None
        self._keepalive: Keepalive | None = None
        self._parts: list[bytes] = []
        self._is_writable = True
        self._flushing: asyncio.Handle | None = None
        self._resuming: asyncio.TimerHandle | None = None
        self._ticking: asyncio.TimerHandle | None = None

    def received(self, data: bytes) -> None:
        """Handle what was read."""
        raise NotImplementedError

    def next_parts(self) -> list[bytes]:
        """Return more packets for the write of this turn."""
        raise NotImplementedError

    def ended(self, reason: str) -> None:
        """Handle the end of the connection; may be called again."""
        raise NotImplementedError

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(WRITE_BUFFER_BYTES)

    def data_received(self, data: bytes) -> None:
        """Handle a read, and pause before the next one unless more is waiting."""
        if self._keepalive is not None:
            self._keepalive.received_at = self._loop.time()
        if self.paces_reads and len(data) < FULL_READ_BYTES and self._resuming is None and self._transport is not None:
            self._transport.pause_reading()
            self._resuming = self._loop.call_later(READ_PAUSE_SECONDS, self._resume)
        self.received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """End: the socket is closed."""
        self.stop()
        self.ended("it broke, or the broker stopped answering" if exc is None else f"it broke ({exc})")

    def pause_writing(self) -> None:
        """Hold what is to be sent: the socket takes no more."""
        self._is_writable = False

    def resume_writing(self) -> None:
        """Send what was held."""
        self._is_writable = True
        self.flush()

    def start_keepalive(self, interval: float) -> None:
        """Begin to ping; `interval` is the keepalive in seconds."""
        now, tick_seconds = self._loop.time(), min(MAX_TICK_SECONDS, interval / 4 or MAX_TICK_SECONDS)
        self._keepalive = Keepalive(interval, tick_seconds, now, now)
        self._ticking = self._loop.call_later(tick_seconds, self._tick, self._keepalive)

    def write_soon(self, packet: bytes = b"") -> None:
        """Send a packet, and what `next_parts` has, with the write of this turn of the event loop."""
        if packet:
            self._parts.append(packet)
        if self._flushing is None:
            self._flushing = self._loop.call_soon(self.flush)

    def flush(self) -> None:
        """Send everything that can be sent, in one write."""
        if self._flushing is not None:
            self._flushing.cancel()
            self._flushing = None
        if self._transport is None or self._transport.is_closing() or not self._is_writable:
            return
        parts, self._parts = self._parts, []
        parts += self.next_parts()
        if parts:
            if self._keepalive is not None:
                self._keepalive.sent_at = self._loop.time()
            self._transport.write(b"".join(parts))

    def disconnect(self, reason: int = 0) -> None:
        """Send what can be sent, then a DISCONNECT with `reason`, the reason code; then close the socket."""
        self.flush()
        if self._transport is not None:
            self._transport.write(disconnect(reason))
            self._transport.close()

    def stop(self) -> None:
        """Close the socket now, without what waits to be sent."""
        for timer in (self._flushing, self._resuming, self._ticking):
            if timer is not None:
                timer.cancel()
        if self._transport is not None:
            self._transport.abort()

    def _resume(self) -> None:
        self._resuming = None
        if self._transport is not None:
            self._transport.resume_reading()

    def _tick(self, keepalive: Keepalive) -> None:
        due = keepalive.due(self._loop.time())
        if due is Due.END:
            self.stop()
            self.ended("the broker stopped answering")
            return
        if due is Due.PING and self._transport is not None:
            self._transport.write(PINGREQ)
        self._ticking = self._loop.call_later(keepalive.tick_seconds, self._tick, keepalive)
