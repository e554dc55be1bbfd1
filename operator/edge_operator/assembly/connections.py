"""The connections to the API server."""

from dataclasses import dataclass

import aiohttp

from edge_operator.cluster.client import abort_when_closed
from edge_operator.cluster.connection import Connection
from edge_operator.cluster.lease import LeaseGate
from edge_operator.control.liveness.writer import CONCURRENCY
from edge_operator.settings import Settings

REQUEST_TIMEOUT = aiohttp.ClientTimeout(total=30, sock_connect=5)
LEASE_TIMEOUT = aiohttp.ClientTimeout(total=2)
WATCH_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=10)
READ_CONNECTIONS = 10


@dataclass(frozen=True)
class Sessions:
    """The connections to the API server, separated so that none delays another.

    Attributes:
        requests: reads and writes.
        watches: streams.
        lease: the lease only.
    """

    requests: aiohttp.ClientSession
    watches: aiohttp.ClientSession
    lease: aiohttp.ClientSession

    async def close(self) -> None:
        """Close all connections."""
        for session in (self.requests, self.watches, self.lease):
            await session.close()


def open_sessions(connection: Connection, gate: LeaseGate, settings: Settings) -> Sessions:
    """Open the connections to the API server and return them."""
    limit = settings.write_concurrency + CONCURRENCY + READ_CONNECTIONS
    trace = abort_when_closed(gate.is_open)
    return Sessions(
        requests=connection.open_session(limit=limit, timeout=REQUEST_TIMEOUT, trace=trace),
        watches=connection.open_session(limit=0, timeout=WATCH_TIMEOUT),
        lease=connection.open_session(limit=1, timeout=LEASE_TIMEOUT),
    )
