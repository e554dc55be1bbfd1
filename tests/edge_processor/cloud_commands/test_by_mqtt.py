"""Commands from the cloud to a device and back, by MQTT over TLS: a real broker as the cloud."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest
from prometheus_client import CollectorRegistry

from edge_pacing.backoff import Backoff
from edge_processor.cloud_commands.mqtt import MqttSource
from edge_processor.metrics import ProcessorMetrics
from edge_processor.sinks.cloud.mqtt import attempts
from edge_service.address import BrokerAddress
from edge_service.mqtt import ConnectRefusedError, Message, MqttOptions, MqttSession, NotConnectedError, Subscription
from tests.edge_processor.cloud_commands.cloud import expiring
from tests.edge_processor.cloud_commands.conftest import CommandedSite
from tests.edge_processor.site import SECONDS
from tests.edge_service.process import ServiceProcess
from tests.edge_service.waiting import eventually

TOPIC = "plant-1/cloud/commands"
OK = {"status": "ok", "result": 7}


@dataclass
class Boss:
    """A program of the cloud.

    Attributes:
        results: by device, in the order of their arrival.
    """

    results: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    session: MqttSession | None = None

    def received(self, message: Message) -> None:
        self.results.setdefault(message.topic.split("/")[-2], []).append(orjson.loads(message.payload))

    async def publish(self, device_id: str, payload: bytes) -> None:
        assert self.session is not None
        await self.session.publish(f"{TOPIC}/{device_id}", payload)

    async def send(self, device_id: str, command_id: str, seconds: float = 60.0, **body: Any) -> None:
        command = {"command_id": command_id, **(body or {"command": "open"}), "expires_at": expiring(seconds)}
        await self.publish(device_id, orjson.dumps(command))

    async def result(self, device_id: str, count: int = 1) -> dict[str, Any]:
        await eventually(f"{count} results of {device_id}", lambda: len(self.results.get(device_id, [])) >= count, 30)
        return self.results[device_id][-1]


@pytest.fixture(autouse=True)
def _client_ids_are_free(commanded: CommandedSite) -> None:
    """Let one login have two sessions: readings and commands have one each."""
    broker = commanded.site.broker
    broker.stop()
    conf = Path(broker.layout.config_dir) / "mosquitto.conf"
    conf.write_text(re.sub(r"^use_username_as_clientid true\n", "", conf.read_text(), flags=re.MULTILINE))
    broker.launch()
    broker.await_answer()


@asynccontextmanager
async def boss(commanded: CommandedSite) -> AsyncIterator[Boss]:
    made, broker = Boss(), commanded.site.broker
    options = MqttOptions(
        BrokerAddress.parse(broker.url),
        "boss",
        broker.credentials("~boss"),
        subscriptions=(Subscription(f"{TOPIC}/+/result"),),
    )
    async with MqttSession(options, made.received, backoff=Backoff(0.05, 0.2)) as session:
        made.session = session
        async with asyncio.timeout(SECONDS):
            await session.connected.wait()
        yield made


def processor(commanded: CommandedSite, name: str = "processor") -> ServiceProcess:
    broker = commanded.site.broker
    return commanded.processor(f"{broker.tls_url}/plant-1", broker.credentials("~site"), name)


async def test_a_command_reaches_its_device_and_the_acknowledgement_comes_back(commanded: CommandedSite) -> None:
    commanded.allow("d1")
    commanded.allow("d2", allowed=False)
    running = processor(commanded).start()
    async with boss(commanded) as cloud, commanded.device("d1", OK) as device, commanded.device("d2", OK) as other:
        await eventually("the subscription", lambda: '.commands"' in running.log.read_text())
        for garbage in (b"", b"\xff", b"[]", b"{}", b'{"command_id":"a/b"}', b"[" * 1000):
            await cloud.publish("d1", garbage)
        await cloud.send("d1", "m-1")
        await cloud.send("d2", "m-2")
        assert await cloud.result("d1") == {"command_id": "m-1", "state": "Acked", "status": "ok", "result": 7}
        refused = await cloud.result("d2")
        assert (refused["command_id"], refused["state"]) == ("m-2", "Refused")
        assert (refused["reason"], refused["status"]) == ("CloudCommandsDisabled", None)
        # The same command again: the same result, and the device does not get it again.
        await cloud.send("d1", "m-3", action="close", delay=3)
        await cloud.result("d1", 2)
        assert {**device.got[1], "expires_at": None} == {
            "command_id": "m-3",
            "action": "close",
            "delay": 3,
            "expires_at": None,
        }
        assert (device.ids, other.ids) == (["m-1", "m-3"], [])


async def test_g5_what_arrives_while_no_processor_runs_or_is_killed_with_it_is_not_lost(
    commanded: CommandedSite,
) -> None:
    commanded.allow("d1", "d2")
    first = processor(commanded).start()
    async with boss(commanded) as cloud, commanded.device("d1", None) as device, commanded.device("d2", OK) as other:
        await eventually("the subscription", lambda: '.commands"' in first.log.read_text())
        await cloud.send("d1", "m-1")
        await eventually("the command", lambda: device.got)
        first.kill()
        await cloud.send("d2", "m-2")
        await device.acknowledge("m-1", status="ok", result=7)
        processor(commanded, "second").start()
        assert (await cloud.result("d1"))["state"] == "Acked"
        assert (await cloud.result("d2"))["state"] == "Acked"
        assert (device.ids, other.ids) == (["m-1"], ["m-2"])


async def test_the_login_is_that_of_the_readings_and_a_refused_one_waits(
    commanded: CommandedSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "FIRST_WAIT_SECONDS", 3600.0)
    broker = commanded.site.broker
    secret = Path(shutil.copytree(broker.credentials("~site"), tmp_path / "secret"))
    (secret / "password").write_text("geheim")
    endpoint, metrics = f"{broker.tls_url}/plant-1", ProcessorMetrics(CollectorRegistry())
    async with MqttSource(endpoint, secret, "ns.hall.commands", 3600.0, metrics) as source, asyncio.timeout(SECONDS):
        session = source._session  # noqa: SLF001 - what the broker says to it
        await eventually("refused", lambda: "refuses the client" in session.last_error)
        for name in ("username", "password", "ca.crt"):
            (secret / name).unlink()
        await eventually("missing", lambda: f"{secret} has neither username and password" in session.last_error)
        shutil.copytree(broker.credentials("~site"), secret, dirs_exist_ok=True)
        await session.connected.wait()


async def test_authorities_without_a_login_are_enough(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("pem")
    source = MqttSource("mqtts://h/p", tmp_path, "ns.hall.commands", 60.0, ProcessorMetrics(CollectorRegistry()))
    login = source._session.options.current_login()  # noqa: SLF001 - no broker here has no logins
    assert (login.username, login.password, login.authorities) == (None, None, tmp_path / "ca.crt")


def test_a_broker_that_refuses_is_asked_less_often_than_one_that_is_away() -> None:
    waits = attempts.Attempts(None, 300.0)
    for error, longest in (
        (ConnectRefusedError("refuses the client", 135), 300.0),
        (NotConnectedError("ended"), attempts.MAX_UNREACHABLE_SECONDS),
    ):
        waits.failed(error)
        assert waits.backoff.longest == longest
