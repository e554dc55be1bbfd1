"""Resolves names, one at a time: a name server that does not answer must not occupy more and more threads."""

import asyncio
import socket
from collections.abc import Sequence
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

from edge_service import daemon_thread

Addresses = Sequence[tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[Any, ...]]]


class Resolver(AbstractResolver):
    """Asks the system; a request for a name that is being resolved waits for the same answer."""

    def __init__(self) -> None:
        self._lookups: dict[tuple[str, int, int], asyncio.Future[Addresses]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of `host`.

        Raises:
            OSError: it has none, or no name server answers.
        """
        key = (host, port, family)
        lookup = self._lookups.get(key)
        if lookup is None:
            lookup = daemon_thread.start(lambda: _lookup(host, port, family), f"resolve {host}")
            self._lookups[key] = lookup
            lookup.add_done_callback(lambda done: self._end(key, done))
        return [_result(host, each) for each in await asyncio.shield(lookup)]

    async def close(self) -> None:
        """Do nothing: a lookup that runs ends by itself."""

    def _end(self, key: tuple[str, int, int], lookup: "asyncio.Future[Addresses]") -> None:
        del self._lookups[key]
        if not lookup.cancelled():
            lookup.exception()  # the request that started it may have ended


def _lookup(host: str, port: int, family: socket.AddressFamily) -> Addresses:
    return socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, 0, socket.AI_ADDRCONFIG)


def _result(
    host: str, found: tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[Any, ...]]
) -> ResolveResult:
    family, _, protocol, _, address = found
    numeric, port = socket.getnameinfo(address, socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)
    return ResolveResult(
        hostname=host,
        host=numeric,
        port=int(port),
        family=family,
        proto=protocol,
        flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
    )
