"""Name resolution and sockets of HTTP destinations, as of all connections of the site's programs."""

import socket
from functools import partial

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from edge_service import daemon_thread, tcp


class _Resolver(AbstractResolver):
    """Resolves names in a thread of its own: a shutdown does not wait for a resolver that does not answer."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        look_up = partial(socket.getaddrinfo, host, port, family, socket.SOCK_STREAM)
        found = await daemon_thread.start(look_up, f"resolve {host}")
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=int(address[1]),
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, protocol, _, address in found
        ]

    async def close(self) -> None:
        """There is nothing to close."""


def resolver() -> AbstractResolver:
    """Return a resolver for a connector."""
    return _Resolver()


def connected_socket(address: aiohttp.AddrInfoType) -> socket.socket:
    """Return a socket for an address that notices a lost peer within half a minute."""
    family, kind, protocol = address[:3]
    opened = socket.socket(family, kind, protocol)
    tcp.configure(opened)
    return opened
