"""How many connections each listener of the gateway may have, so that none takes the file descriptors of another."""

import logging
from dataclasses import dataclass

from edge_gateway.settings import GatewaySettings
from edge_service.serving.file_descriptors import share
from edge_service.serving.limits import ConnectionLimits

HTTP_PARTS = 8
"""HTTP may have one connection for this number of file descriptors. A connection takes two, one of them for its request
to the store, so that HTTP gets a quarter."""

MQTT_PARTS = 6
"""Each of the two MQTT ports may have one connection for this number of file descriptors. A connection takes two, one
of them to the broker, so that each port gets a third."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ConnectionShares:
    """Maximum numbers of connections.

    Attributes:
        http: of HTTP and HTTPS together.
        passthrough: MQTT connections of each of the two ports.
    """

    http: ConnectionLimits
    passthrough: int

    @classmethod
    def of(cls, settings: GatewaySettings, files: int) -> "ConnectionShares":
        """Return the shares.

        Args:
            settings: have the numbers of connections that are wanted.
            files: number of file descriptors of the process.
        """
        http = share(settings.http_connections, files, HTTP_PARTS)
        passthrough = share(settings.passthrough_connections, files, MQTT_PARTS)
        if http < settings.http_connections or passthrough < settings.passthrough_connections:
            logger.warning(
                "%d open files are enough for %d HTTP connections and for %d MQTT connections on each port:"
                " raise the limit of open files (ulimit -n), or set HTTP_CONNECTIONS and PASSTHROUGH_CONNECTIONS",
                files,
                http,
                passthrough,
            )
        per_source = max(1, min(settings.http_connections_per_source, http * 3 // 4))
        return cls(ConnectionLimits(connections=http, connections_per_source=per_source), passthrough)
