"""Checks the address of a connection: after its name was resolved, and before anything is sent."""

import socket

from edge_wire.refused_addresses import is_refused


class RefusedAddressError(OSError):
    """A name was resolved to an address that is refused."""


def check_address(address: str) -> None:
    """Check a numeric address.

    Raises:
        RefusedAddressError: it is refused.
    """
    if is_refused(address):
        raise RefusedAddressError(
            f"its address {address} is a link-local address or a metadata service: name another host"
        )


def check_peer(connected: socket.socket) -> None:
    """Check the address that a socket is connected to; it is closed if the address is refused.

    Raises:
        RefusedAddressError: it is refused.
        OSError: the socket is not connected any more.
    """
    if connected.family not in (socket.AF_INET, socket.AF_INET6):
        return
    try:
        check_address(connected.getpeername()[0])
    except OSError:
        connected.close()
        raise
