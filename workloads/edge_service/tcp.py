"""Options of TCP connections between the programs of a site."""

import socket

KEEPALIVE_SECONDS = 15
"""Seconds without traffic until the first probe of a connection."""

PROBE_SECONDS = 5
PROBE_ATTEMPTS = 3

LOST_SECONDS = 30
"""Seconds after which unacknowledged data mean that the peer is lost."""


def configure(connected: socket.socket) -> None:
    """Send small messages without delay, and detect a lost peer.

    Raises:
        OSError: the connection has ended.
    """
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_SECONDS)
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, PROBE_SECONDS)
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, PROBE_ATTEMPTS)
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, LOST_SECONDS * 1000)
