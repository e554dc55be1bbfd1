"""`edge-gateway`: the HTTP interface of a site, and the passthrough of its devices' MQTT connections."""

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any, NoReturn

from edge_gateway.certificate import Certificate
from edge_gateway.connection_shares import ConnectionShares
from edge_gateway.gateway import Gateway
from edge_gateway.passthrough.counts import PassthroughCounts
from edge_gateway.passthrough.listener import Passthrough
from edge_gateway.settings import GatewaySettings
from edge_service.metrics import HttpEnds, registry
from edge_service.program import Program, until
from edge_service.server import HttpServer
from edge_service.serving.connection_table import ConnectionTable
from edge_service.serving.file_descriptors import raise_file_limit
from edge_service.store import StoreClient

NAME = "edge-gateway"

logger = logging.getLogger(__name__)


async def serve(settings: GatewaySettings, stop: asyncio.Event) -> None:
    """Run a gateway until `stop` is set; then drain: answer the requests that wait, close connections.

    Raises:
        StartError: a port cannot be opened, or the certificate cannot be loaded.
    """
    figures = registry(NAME)
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(StoreClient(settings.storage_url))
        gateway = Gateway(settings, store, figures)
        await stack.enter_async_context(gateway.link.session)
        # Runs before the MQTT session closes, so that the device of the last request is still reported.
        stack.push_async_callback(gateway.activity_digest.publish)
        shares = ConnectionShares.of(settings, raise_file_limit())
        await _pass_through(settings, shares.passthrough, PassthroughCounts(figures), stack)
        tasks = await _listen(gateway, settings, ConnectionTable(shares.http, HttpEnds(figures)), stack)
        await until(
            stop,
            gateway.activity_digest.run(),
            gateway.ack_queue.run(),
            gateway.keep_time(),
            gateway.reach_store(),
            *tasks,
        )
        gateway.commands.notifier.close()


async def _listen(
    gateway: Gateway, settings: GatewaySettings, table: ConnectionTable, stack: AsyncExitStack
) -> list[Coroutine[Any, Any, None]]:
    """Listen for HTTP, and for HTTPS if it is configured; return the tasks to run for it."""
    # The client is the peer of the connection: no header changes the scheme or the address of a request.
    options: dict[str, Any] = {"proxy_headers": False, "lifespan": "off", "ws": "none"}
    tasks: list[Coroutine[Any, Any, None]] = []
    if settings.https_port is not None and settings.tls_cert_file and settings.tls_key_file:
        certificate = Certificate(settings.tls_cert_file, settings.tls_key_file)
        secured = options | {"ssl_context_factory": lambda *_: certificate.context}
        https = await stack.enter_async_context(
            HttpServer(gateway.app, settings.host, settings.https_port, table, **secured)
        )
        logger.info("HTTPS on port %d", https.port)
        tasks.append(certificate.run())
    # Last, as it answers the probes: when the pod becomes ready, everything else is listening.
    http = await stack.enter_async_context(HttpServer(gateway.app, settings.host, settings.port, table, **options))
    logger.info("HTTP on port %d", http.port)
    return tasks


async def _pass_through(
    settings: GatewaySettings, limit: int, counts: PassthroughCounts, stack: AsyncExitStack
) -> None:
    """Listen for MQTT connections of devices, on each port that has a target broker."""
    ways = (
        ("mqtt", settings.device_mqtt_broker, settings.mqtt_port),
        ("mqtts", settings.device_mqtts_broker, settings.mqtts_port),
    )
    for name, target, port in ways:
        if target is not None:
            listener = Passthrough(name, target, limit, counts)
            await stack.enter_async_context(await listener.listen(settings.host, port))


PROGRAM = Program(
    name=NAME,
    about="Serves the HTTP interface of a site and passes its devices' MQTT connections on to the broker.",
    settings=GatewaySettings,
    serve=serve,
)


def main() -> NoReturn:
    """Run the program."""
    PROGRAM.run()


if __name__ == "__main__":
    main()
