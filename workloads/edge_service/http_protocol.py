"""Uvicorn's HTTP protocol on httptools, with limits of time and size, and with what httptools lacks.

Httptools has no limit for the head of a request. And it takes no body from a request that asks for an upgrade, as the
client of Java's standard library does with its first request (`Upgrade: h2c`).
"""

import asyncio
import sys
from http import HTTPStatus
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from edge_service.serving.connection_table import Slot
from edge_service.serving.deadlines import Deadlines, Overdue
from edge_service.serving.limits import ConnectionLimits
from edge_service.serving.raw_response import RawResponse

MAX_HEAD_BYTES = 64 * 1024
"""Largest head of a request (request line and headers), or trailer; one read of the socket more is accepted."""

PROBE_PATHS = frozenset({"/health", "/ready", "/metrics"})
"""Paths that are answered although there are too many connections."""


class BoundedHttpProtocol(HttpToolsProtocol):
    """One connection. Ignores upgrades, and answers 400 if too many bytes complete neither a head nor a part of a body.

    Without this limit, a client that never ends its headers would fill the memory of the process, before any login.

    Args:
        slot: the place of the connection among all of the server.
        limits: of the server.
        options: of uvicorn's protocol.
    """

    _received = b""
    _pending_bytes = 0
    _is_progress = False
    _is_answering = False

    def __init__(self, slot: Slot, limits: ConnectionLimits, **options: Any) -> None:
        super().__init__(**options)
        self._slot = slot
        self._deadlines = Deadlines(limits, self.loop.time())

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's
        """Begin to wait for a request."""
        self._slot.abort = transport.abort
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Make room for another connection."""
        self._slot.release()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse received bytes."""
        self._deadlines.received(self.loop.time())
        self._is_progress = False
        size, self._received = len(data), data
        while self._received and not self.transport.is_closing():
            data = self._received
            super().data_received(data)
            if self._received is data:
                self._received = b""
        self._pending_bytes = 0 if self._is_progress else self._pending_bytes + size
        if self._pending_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response(f"The head of the request has more than {MAX_HEAD_BYTES} bytes.")

    def on_message_begin(self) -> None:
        """Begin with the head of a request, which may follow another one in the same read."""
        self._deadlines.received(self.loop.time())
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Start the request."""
        self._is_progress = self._is_answering = True
        self._slot.set_busy()
        self._deadlines.head_complete(self.loop.time())
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Pass a part of the body on."""
        self._is_progress = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End the request."""
        self._is_progress = True
        self._deadlines.request_complete()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request, or answer one that has been received."""
        if self.pipeline:
            # Only now are its bytes read again.
            if self.cycle.more_body:
                self._deadlines.head_complete(self.loop.time())
        else:
            self._is_answering = False
            self._slot.set_waiting()
        super().on_response_complete()

    def check(self, now: float) -> Overdue | None:
        """End the connection if the client is too slow; return what it has not done.

        Args:
            now: the time, in seconds of the event loop's clock.
        """
        is_closing = self.transport.is_closing()
        overdue = self._deadlines.overdue(now, self.transport.get_write_buffer_size(), is_closing=is_closing)
        if overdue is Overdue.READ:
            self.transport.abort()
        elif overdue is not None:
            return overdue if self._end_request(overdue) else None
        return overdue

    def send_400_response(self, msg: str) -> None:
        """Answer a request that is not HTTP, and close the connection."""
        self._refuse(HTTPStatus.BAD_REQUEST, "InvalidRequest", msg)

    def handle_websocket_upgrade(self) -> None:
        """Parse the request again without the header that asks for the upgrade, and continue with what follows it."""
        upgrade = sys.exc_info()[1]
        if not isinstance(upgrade, httptools.HttpParserUpgrade) or self.scope["method"] == "CONNECT":
            self.send_400_response("Invalid HTTP request received.")
            return
        head = [self.scope["method"].encode(), b" ", self.url, b" HTTP/", self.scope["http_version"].encode(), b"\r\n"]
        for name, value in self.headers:
            if name != b"upgrade":
                head += [name, b": ", value, b"\r\n"]
        self.parser = httptools.HttpRequestParser(self)
        self._received = b"".join([*head, b"\r\n", self._received[upgrade.args[0] :]])

    def _should_upgrade(self) -> bool:
        # Every upgrade is passed to `handle_websocket_upgrade`.
        return True

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        if self._slot.is_reserve:
            cycle.keep_alive = False
            app = app if cycle.scope["path"] in PROBE_PATHS else _busy
        super()._start_asgi_task(cycle, app)

    def _end_request(self, overdue: Overdue) -> bool:
        """Answer 408 to a request that is not complete, and close the connection; return False if it may go on."""
        is_answering = self._is_answering
        if is_answering and (overdue is Overdue.HEAD or self.pipeline):
            # The response comes first; then the connection is checked again.
            return False
        # A body that nobody reads is the rest of a request that has been answered.
        is_answered = self.cycle.response_started if is_answering else overdue is Overdue.BODY
        if self._deadlines.has_begun and not is_answered:
            detail = "the head or the body of the request did not arrive in time: send it again, in one piece"
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, "RequestTimeout", detail)
        else:
            self.transport.close()
        if is_answering:
            # What the application still sends is dropped.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        return True

    def _refuse(self, status: HTTPStatus, reason: str, detail: str) -> None:
        self.transport.write(RawResponse.problem(status, reason, detail).encode())
        self.transport.close()


async def _busy(_scope: Any, _receive: Any, send: Any) -> None:
    """Answer 503: an application for connections beyond the maximum."""
    detail = "there are too many connections: try again"
    busy = RawResponse.problem(HTTPStatus.SERVICE_UNAVAILABLE, "TooManyConnections", detail)
    headers = [
        (b"content-type", busy.media_type.encode()),
        (b"content-length", str(len(busy.content)).encode()),
        (b"retry-after", b"1"),
    ]
    await send({"type": "http.response.start", "status": busy.status, "headers": headers})
    await send({"type": "http.response.body", "body": busy.content, "more_body": False})
