"""Sockets of HTTP destinations: they detect a lost peer, and show whether it has received everything."""

import fcntl
import os
import socket
import struct
import termios
from typing import Any

from edge_service.peer import check_address

LOST_SECONDS = 8
"""Seconds without an acknowledgement of sent data, or of probes, after which the connection ends: a link that returns
later is used at once, not after the next retransmission of an old connection."""

KEEPALIVE_SECONDS = 5
"""Seconds without traffic until the first probe; probes also keep the state of firewalls on the way."""

PROBE_SECONDS = 2
PROBE_ATTEMPTS = 3

_OF_TLS_BYTES = 256
"""Maximum size of what TLS itself sends when a connection is closed."""


def open_socket(address: tuple[Any, ...]) -> socket.socket:
    """Return a socket for an entry of `getaddrinfo`.

    Raises:
        RefusedAddressError: the address is link-local or of a metadata service.
        OSError: it cannot be created.
    """
    check_address(address[4][0])
    family, kind, protocol = address[:3]
    opened = socket.socket(family, kind, protocol)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_SECONDS)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, PROBE_SECONDS)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, PROBE_ATTEMPTS)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, LOST_SECONDS * 1000)
    return opened


class SentData:
    """Shows whether the peer has received what was sent, even if the connection is closed meanwhile.

    Args:
        connected: file descriptor of the socket.
    """

    def __init__(self, connected: int) -> None:
        self._copy = os.dup(connected)

    def is_received(self) -> bool:
        """Return whether the peer's kernel has acknowledged all data; can be called once.

        A peer that answers when it has read everything acknowledges the last data not later than with its answer.
        """
        try:
            waiting: int = struct.unpack("i", fcntl.ioctl(self._copy, termios.TIOCOUTQ, bytes(4)))[0]
        finally:
            os.close(self._copy)
        return waiting <= _OF_TLS_BYTES
