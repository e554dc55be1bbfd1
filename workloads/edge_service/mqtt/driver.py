"""Connects the socket of a paho client to the event loop."""

import asyncio
import socket
import ssl
from typing import Any

import paho.mqtt.client as paho

TICK_SECONDS = 1.0
"""Seconds between two checks of the keepalive."""


class SocketDriver:
    """Serves a connected client in the running event loop until its socket is closed."""

    def __init__(self, client: paho.Client) -> None:
        self._client = client
        self._loop = asyncio.get_running_loop()
        self._ticking: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Start, unless the socket is closed already."""
        client = self._client
        client.on_socket_close = self._closed
        client.on_socket_register_write = self._want_write
        client.on_socket_unregister_write = self._no_write
        opened: Any = client.socket()
        if opened is None:
            return
        # Nagle's algorithm would delay small packets by 40 ms each.
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._loop.add_reader(opened, self._readable, opened)
        if client.want_write():
            self._loop.add_writer(opened, client.loop_write)
        self._tick()

    def stop(self) -> None:
        """Close the socket if it is open."""
        if self._ticking is not None:
            self._ticking.cancel()
        opened = self._client.socket()
        if opened is not None:
            self._closed(self._client, None, opened)
            opened.close()

    def _readable(self, opened: Any) -> None:
        self._client.loop_read()
        # Data that TLS has already decrypted does not make the socket readable.
        while isinstance(opened, ssl.SSLSocket) and opened.fileno() >= 0 and opened.pending():
            self._client.loop_read()

    def _tick(self) -> None:
        self._client.loop_misc()
        if self._client.socket() is not None:
            self._ticking = self._loop.call_later(TICK_SECONDS, self._tick)

    def _want_write(self, _client: paho.Client, _data: Any, opened: Any) -> None:
        self._loop.add_writer(opened, self._client.loop_write)

    def _no_write(self, _client: paho.Client, _data: Any, opened: Any) -> None:
        self._loop.remove_writer(opened)

    def _closed(self, _client: paho.Client, _data: Any, opened: Any) -> None:
        self._loop.remove_reader(opened)
        self._loop.remove_writer(opened)
