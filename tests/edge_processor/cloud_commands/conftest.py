"""A site with a gateway and a processor that take commands of a cloud, for each test."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest

from e2e.cluster.ports import free_ports
from edge_operator.api.broker import BrokerClient
from edge_pacing.backoff import Backoff
from edge_service.address import BrokerAddress
from edge_service.mqtt import Message, MqttOptions, MqttSession, Subscription
from tests.edge_gateway.gateways import Gateway, Gateways
from tests.edge_processor.site import SECONDS, Site
from tests.edge_service.process import ServiceProcess
from tests.support.child import HOST
from tests.support.mosquitto import MosquittoFactory
from tests.support.roster import put_entry

DEVICES = [f"d{number}" for number in range(1, 41)]
CLIENTS = [
    BrokerClient(name="asked", subscribe=["alerts/+"]),
    # The broker is also that of the cloud in the tests of MQTT.
    BrokerClient(name="site", subscribe=["plant-1/cloud/commands/+"], publish=["plant-1/cloud/commands/+/result"]),
    BrokerClient(name="boss", subscribe=["plant-1/cloud/commands/+/result"], publish=["plant-1/cloud/commands/+"]),
]
GATEWAY_TOKEN = "the-token-of-the-processor"


@dataclass
class CommandedSite:
    """A site and its processes.

    Attributes:
        site: broker and store.
        gateways: makes the gateway.
        gateway: it runs.
        port: of the gateway, over its restarts.
        directory: of files.
    """

    site: Site
    gateways: Gateways
    directory: Path
    port: int = field(default_factory=lambda: free_ports(1)[0])

    def __post_init__(self) -> None:
        self.token_file = self.directory / "cloud-token"
        self.token_file.write_text(f"{GATEWAY_TOKEN}\n")
        self.gateway: Gateway = self.gateways(PORT=str(self.port), CLOUD_TOKEN_FILE=str(self.token_file), ready=False)

    def allow(self, *device_ids: str, allowed: bool = True) -> None:
        """Publish roster entries, as the operator does."""
        for device_id in device_ids:
            entry = {"id": device_id, "cloud_commands": allowed}
            put_entry(self.site.broker, device_id, orjson.dumps(entry))

    def processor(self, endpoint: str, credentials: Path, name: str = "processor") -> ServiceProcess:
        """Return a processor that takes commands from an endpoint, not started."""
        return self.site.processor(
            name,
            CLOUD_ENDPOINT=endpoint,
            CLOUD_CREDENTIALS_DIR=str(credentials),
            CLOUD_COMMANDS="true",
            GATEWAY_URL=f"http://{HOST}:{self.port}",
            GATEWAY_TOKEN_FILE=str(self.token_file),
            SYNC_INTERVAL="2s",
            EDGE_NAMESPACE="ns",
            EDGE_SITE="hall",
        )

    def kill_processors(self) -> None:
        """End every processor."""
        for process in self.site.made:
            if process.module == "edge_processor":
                process.kill()

    @asynccontextmanager
    async def device(self, name: str, answer: dict[str, Any] | None) -> AsyncIterator["Device"]:
        """Be a device with a durable session that gives `answer` to every command, or none."""
        made = Device(answer)
        options = MqttOptions(
            BrokerAddress.parse(self.site.broker.url),
            name,
            self.site.broker.credentials(name),
            clean_start=False,
            session_expiry=600,
            subscriptions=(Subscription(f"devices/{name}/command"),),
        )
        async with MqttSession(options, made.received, backoff=Backoff(0.05, 0.2)) as session:
            made.name, made.session = name, session
            async with asyncio.timeout(SECONDS):
                await session.connected.wait()
            yield made

    def audit(self) -> list[dict[str, Any]]:
        """Return the audit lines of the gateway."""
        found = []
        for line in self.gateway.process.log.read_bytes().splitlines():
            if line.startswith(b"{"):
                fields = orjson.loads(line)
                if fields.get("logger") == "edge_gateway.commands.audit":
                    found.append(fields)
        return found


@dataclass
class Device:
    """A device under test.

    Attributes:
        answer: added to each acknowledgement; None for none.
        got: the commands that it received.
    """

    answer: dict[str, Any] | None
    got: list[dict[str, Any]] = field(default_factory=list)
    name: str = ""
    session: MqttSession | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def ids(self) -> list[str]:
        return [each["command_id"] for each in self.got]

    def received(self, message: Message) -> None:
        command = orjson.loads(message.payload)
        self.got.append(command)
        if self.answer is not None:
            self._tasks.add(asyncio.create_task(self.acknowledge(command["command_id"], **self.answer)))

    async def acknowledge(self, command_id: str, **answer: Any) -> None:
        """Acknowledge a command."""
        assert self.session is not None
        await self.session.connected.wait()
        await self.session.publish(
            f"devices/{self.name}/command/ack", orjson.dumps({"command_id": command_id} | answer)
        )


@pytest.fixture
def commanded(mosquitto: MosquittoFactory, tmp_path: Path) -> Iterator[CommandedSite]:
    """A broker, a store and a gateway that run; processors as the test wants."""
    site = Site(mosquitto.launched(devices=DEVICES, clients=CLIENTS), tmp_path)
    site.store.start()
    site.broker.await_answer()
    made = CommandedSite(site, Gateways(site, tmp_path), tmp_path)
    made.gateway.process.await_ready()
    yield made
    made.gateways.end()
    site.end()
