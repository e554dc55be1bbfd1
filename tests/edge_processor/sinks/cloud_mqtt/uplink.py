"""A site's way to a real broker elsewhere, with TLS and a password, and a subscriber there."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import orjson

from edge_operator.api.broker import BrokerClient
from edge_processor.delivery.ledger import Entry
from edge_processor.settings import ProcessorSettings
from edge_processor.sinks.cloud.mqtt import MqttCloud, mqtt_cloud
from edge_service.address import BrokerAddress
from edge_service.mqtt import MqttOptions, Subscription
from edge_wire.store.line import offset_of
from tests.edge_processor.session.receiving import Received, connected
from tests.edge_storage.log.made_lines import NOON, line
from tests.support.mosquitto import HOST, Mosquitto

CLIENTS = [
    BrokerClient(name="asked", subscribe=["alerts/+"]),
    BrokerClient(name="uplink", publish=["plant-1/cloud/sensors/+", "plant-1/alerts/+"]),
    BrokerClient(name="reader", subscribe=["plant-1/#"]),
]
CHUNK_BYTES = 1 << 16


def entries(device_id: str, numbers: Sequence[int]) -> list[Entry]:
    return [(number, line(device_id, NOON, number, value=float(number))) for number in numbers]


@asynccontextmanager
async def uplink(
    broker: Mosquitto, credentials: Path, port: int | None = None, sync_interval: float = 1.0
) -> AsyncIterator[MqttCloud]:
    """Run the destination as a sink does."""
    settings = ProcessorSettings(
        cloud_endpoint=f"mqtts://{HOST}:{port or broker.layout.mqtts}/plant-1/",
        cloud_credentials_dir=credentials,
        edge_namespace="factory",
        edge_site="berlin",
        sync_interval=sync_interval,
    )
    made = mqtt_cloud(settings, "")
    running = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


class Arrived(Received):
    """Messages at the far broker."""

    def on(self, topic: str) -> list[dict[str, Any]]:
        """Return the payloads on a topic."""
        return [orjson.loads(payload) for name, payload, *_ in self.messages if name == topic.encode()]

    def offsets(self, device_id: str) -> list[int]:
        """Return the offsets of the readings of a device, each where it came first."""
        topic = f"plant-1/cloud/sensors/{device_id}".encode()
        return list(dict.fromkeys(offset_of(payload) for name, payload, *_ in self.messages if name == topic))


@asynccontextmanager
async def reading(broker: Mosquitto) -> AsyncIterator[Arrived]:
    """Subscribe with a durable session."""
    arrived = Arrived()
    options = MqttOptions(
        BrokerAddress.parse(broker.url),
        "~reader",
        broker.credentials("~reader"),
        clean_start=False,
        session_expiry=300,
        receive_maximum=1000,
        subscriptions=(Subscription("plant-1/#", qos=1),),
    )
    async with connected(options, arrived):
        yield arrived


@asynccontextmanager
async def slow_way(broker: Mosquitto, delay_seconds: float) -> AsyncIterator[int]:
    """Yield the port of a way to the broker's TLS listener that delays each direction."""
    tasks: set[asyncio.Task[None]] = set()

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(HOST, broker.layout.mqtts)
        for ends in ((reader, far_writer), (far_reader, writer)):
            tasks.add(asyncio.create_task(_delayed(*ends, delay_seconds)))

    server = await asyncio.start_server(forward, HOST, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _delayed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay_seconds: float) -> None:
    loop = asyncio.get_running_loop()
    try:
        while part := await reader.read(CHUNK_BYTES):
            loop.call_later(delay_seconds, writer.write, part)
    finally:
        writer.transport.abort()
