"""The limits of a server."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """What one client may take of a server.

    Attributes:
        connections: maximum number of connections.
        connections_per_source: maximum number of connections from one address, which may be a proxy of many clients.
        reserve_connections: connections beyond the maximum that get an answer from the probes only.
        head_seconds: time for a TLS handshake, and for the head of a request, from its first byte or the connect.
        body_seconds: time for the body of a request.
        stalled_seconds: time for which a client may read nothing of its response.
        closing_seconds: the same after the connection was closed, and the time for the end of TLS.
    """

    connections: int = 4096
    connections_per_source: int = 1024
    reserve_connections: int = 32
    head_seconds: float = 20.0
    body_seconds: float = 30.0
    stalled_seconds: float = 60.0
    closing_seconds: float = 10.0
