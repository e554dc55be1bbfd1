"""Uvicorn's HTTP protocol on httptools, with the two things that httptools lacks.

Httptools has no limit for the head of a request. And it takes no body from a request that asks for an upgrade, as the
client of Java's standard library does with its first request (`Upgrade: h2c`).
"""

import sys

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 64 * 1024
"""Largest head of a request (request line and headers), or trailer; one read of the socket more is accepted."""


class BoundedHttpProtocol(HttpToolsProtocol):
    """Ignores upgrades, and answers 400 if too many bytes complete neither a head nor part of a body.

    Without this limit, a client that never ends its headers would fill the memory of the process, before any login.
    """

    _received = b""
    _pending_bytes = 0
    _is_progress = False

    def data_received(self, data: bytes) -> None:
        """Parse received bytes."""
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

    def on_headers_complete(self) -> None:
        """Start the request."""
        self._is_progress = True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Pass a part of the body on."""
        self._is_progress = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End the request."""
        self._is_progress = True
        super().on_message_complete()

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
