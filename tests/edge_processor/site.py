"""A small site of real processes: Mosquitto, the store, processors, devices."""

import asyncio
import json
import secrets
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from e2e.cluster.ports import free_ports
from edge_pacing.backoff import Backoff
from edge_processor.activity import DIGEST_SECONDS
from edge_service.address import BrokerAddress
from edge_service.mqtt import Message, MqttOptions, MqttSession, Subscription
from edge_service.waiting import set_within
from edge_wire import topics
from edge_wire.messages import Activity
from tests.edge_service.process import ServiceProcess
from tests.support.child import HOST
from tests.support.mosquitto import Mosquitto
from tests.support.processes import eventually

SECONDS = 20.0
RULES = {
    "rules": [
        {"name": "temperature-high", "sensorType": "temperature", "above": 80, "clear": 75, "severity": "Critical"}
    ]
}


class Heard:
    """Messages of a subscriber.

    Attributes:
        session: the listener's.
    """

    session: MqttSession

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._more = asyncio.Event()

    def __call__(self, message: Message) -> None:
        self.messages.append(message)
        self._more.set()

    async def on(self, topic: str, count: int = 1) -> list[dict[str, Any]]:
        """Return the payloads on `topic` once there are `count`."""
        await self.until(lambda: len(self.payloads(topic)) >= count)
        return self.payloads(topic)

    async def until(self, holds: Callable[[], Any]) -> None:
        """Return once `holds` says something true; it is asked after each message."""
        async with asyncio.timeout(SECONDS):
            while not holds():
                self._more.clear()
                await self._more.wait()

    def digests(self) -> list[dict[str, Any]]:
        """Return the devices in the digests so far."""
        return [told for told in self.payloads(topics.ACTIVITY) if not told["is_reply"]]

    def answers(self) -> list[dict[str, Any]]:
        """Return the answers with the last arrivals, so far."""
        return [told for told in self.payloads(topics.ACTIVITY) if told["is_reply"]]

    async def quiet(self) -> None:
        """Return once nothing has come for more than two of the processor's intervals: no event tells of nothing."""
        came = True
        while came:
            self._more.clear()
            came = await set_within(self._more, 2.5 * DIGEST_SECONDS)

    async def all_that_came(self) -> list[Message]:
        """Return what has come once the broker has sent all that it had taken; for the gateway on `edge/activity`."""
        name = f"fence-{secrets.token_hex(4)}"
        await self.session.publish(topics.ACTIVITY, Activity(name, {}, queue_lag_seconds=0.0).encode())
        await self.until(lambda: any(name.encode() in message.payload for message in self.messages))
        return [message for message in self.messages if name.encode() not in message.payload]

    def payloads(self, topic: str) -> list[dict[str, Any]]:
        """Return the payloads on `topic` so far."""
        return [orjson.loads(message.payload) for message in self.messages if message.topic == topic]


@dataclass
class Site:
    """A small site of real processes.

    Attributes:
        broker: with the logins that the operator renders.
        directory: of outputs and data.
    """

    broker: Mosquitto
    directory: Path
    made: list[ServiceProcess] = field(default_factory=list)

    def __post_init__(self) -> None:
        (port,) = free_ports(1)
        self.rules_file = self.directory / "rules.json"
        self.rules_file.write_text(json.dumps(RULES))
        (self.directory / "data").mkdir()
        self.store = self._service(
            "edge_storage", "store", {"PORT": str(port), "STORAGE_PATH": str(self.directory / "data")}
        )
        self.store_url = f"http://{HOST}:{port}"

    def processor(self, name: str = "processor", **settings: str) -> ServiceProcess:
        """Return a processor, not started."""
        environment = {
            "EDGE_LOCATION": "hall-1",
            "EDGE_CREDENTIALS_DIR": str(self.broker.credentials("~processor")),
            "DATA_SOURCE": self.broker.components_url,
            "STORAGE_URL": self.store_url,
            "RULES_FILE": str(self.rules_file),
            "PROCESSING_MODE": "real-time",
        }
        return self._service("edge_processor", name, environment | settings)

    def fleet(self, count: int, rate: float, name: str = "fleet") -> ServiceProcess:
        """Return `count` devices in one process, each with `rate` readings a second, not started."""
        devices = [username for username in self.broker.passwords if not username.startswith("~")][:count]
        logins = self.directory / f"{name}-logins"
        logins.write_text("".join(f"{device}:{self.broker.passwords[device]}\n" for device in devices))
        arguments = ["--logins", str(logins), "--broker", self.broker.url, "--count", str(count), "--rate", str(rate)]
        return self._service("edge_device", name, {}, *arguments, "--output", "json")

    def _service(self, module: str, name: str, environment: dict[str, str], *arguments: str) -> ServiceProcess:
        service = ServiceProcess(module, self.directory, name, environment, arguments)
        self.made.append(service)
        return service

    def ask(self, path: str) -> Any:
        """Return the store's answer to a GET."""
        with urllib.request.urlopen(f"{self.store_url}{path}", timeout=10) as answer:
            return json.load(answer)

    def readings(self) -> Iterator[dict[str, Any]]:
        """Yield all that is stored, newest first."""
        before: int | None = None
        while True:
            page = self.ask(f"/v1/readings?limit=1000{f'&before={before}' if before is not None else ''}")
            yield from page["readings"]
            before = page["next"]
            if before is None:
                return

    def await_stored(self, count: int) -> None:
        """Return once at least so many readings are stored."""
        eventually(f"{count} stored", lambda: sum(1 for _ in self.readings()) >= count, 60, pause=0.5)

    @asynccontextmanager
    async def listener(self, name: str, *topics: str) -> AsyncIterator[Heard]:
        """Listen as a further client or a component."""
        heard = Heard()
        own = name.removeprefix("~") in ("gateway", "processor", "storage", "operator")
        options = MqttOptions(
            BrokerAddress.parse(self.broker.components_url if own else self.broker.url),
            f"listener-{name}",
            self.broker.credentials(name),
            subscriptions=tuple(Subscription(topic, qos=2) for topic in topics),
        )
        async with MqttSession(options, heard, backoff=Backoff(0.05, 0.2)) as session:
            async with asyncio.timeout(SECONDS):
                await session.connected.wait()
            heard.session = session
            yield heard

    async def await_caught_up(self, heard: Heard) -> None:
        """Return once the ingester has measured its lag; without it the send time of messages is unknown."""
        await self.ask_for_activity()
        await heard.until(lambda: any(answer["queue_lag_seconds"] is not None for answer in heard.answers()))

    async def ask_for_activity(self) -> None:
        """Request the last arrivals from the processor, as the operator does."""
        address = BrokerAddress.parse(self.broker.components_url)
        options = MqttOptions(address, "asks", self.broker.credentials("~operator"))
        async with MqttSession(options, backoff=Backoff(0.05, 0.2)) as session:
            async with asyncio.timeout(SECONDS):
                await session.connected.wait()
            await session.publish(topics.ACTIVITY_REQUEST, b"{}")

    def forbid_markers(self) -> None:
        """Take the markers out of the access rules and restart the broker."""
        rules = Path(self.broker.layout.config_dir) / "acl"
        kept = [line for line in rules.read_text().splitlines(keepends=True) if topics.ACTIVITY_MARKER not in line]
        rules.write_text("".join(kept))
        self.broker.stop()
        self.broker.start()

    @asynccontextmanager
    async def device(self, device_id: str = "d1") -> AsyncIterator[MqttSession]:
        """Be a device."""
        options = MqttOptions(BrokerAddress.parse(self.broker.url), device_id, self.broker.credentials(device_id))
        async with MqttSession(options, backoff=Backoff(0.05, 0.2)) as session:
            async with asyncio.timeout(SECONDS):
                await session.connected.wait()
            yield session

    def end(self) -> None:
        """End every process that still runs."""
        for process in self.made:
            process.kill()
