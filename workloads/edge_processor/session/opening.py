"""Opens the socket of a connection to the broker, with or without TLS."""

import asyncio
import socket
import ssl
from functools import partial

from edge_service import daemon_thread
from edge_service.address import BrokerAddress
from edge_service.mqtt import ConnectError, Login
from edge_service.mqtt.trust import trusted_context, untrusted
from edge_service.peer import check_peer

CONNECT_SECONDS = 10.0
"""Maximum time of the TCP connect, and of the TLS handshake."""


async def open_transport(broker: BrokerAddress, login: Login, protocol: asyncio.Protocol) -> None:
    """Connect `protocol` to the broker.

    Raises:
        ConnectError: the broker cannot be reached.
        UntrustedError: its certificate is not trusted, or the login's certificate authorities cannot be used.
    """
    context = trusted_context(login) if broker.tls else None
    try:
        opened = await _connected_socket(broker)
        await asyncio.get_running_loop().create_connection(
            lambda: protocol,
            sock=opened,
            ssl=context,
            server_hostname=broker.host if context else None,
            ssl_handshake_timeout=CONNECT_SECONDS if context else None,
        )
    except ssl.SSLCertVerificationError as error:
        raise untrusted(broker, error) from error
    except (OSError, ValueError) as error:  # a name that no resolver takes is a ValueError
        raise ConnectError(f"{broker} cannot be reached: {error}") from error


async def _connected_socket(broker: BrokerAddress) -> socket.socket:
    """Connect in a thread: the name resolution blocks, and a shutdown must not wait for it.

    Link-local addresses and metadata services are refused before anything is sent.

    Raises:
        OSError: the broker cannot be reached.
        ValueError: its name is malformed.
    """
    connect = partial(socket.create_connection, (broker.host, broker.port), CONNECT_SECONDS)
    connecting = daemon_thread.start(connect, f"connect {broker}")
    try:
        opened = await asyncio.shield(connecting)
    except asyncio.CancelledError:
        connecting.add_done_callback(_discard)
        raise
    check_peer(opened)
    opened.setblocking(False)  # noqa: FBT003 - the only argument
    # Nagle's algorithm would delay small packets by 40 ms each.
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return opened


def _discard(connecting: asyncio.Future[socket.socket]) -> None:
    """Close the socket of a connect that nobody waits for."""
    if not connecting.cancelled() and connecting.exception() is None:
        connecting.result().close()
