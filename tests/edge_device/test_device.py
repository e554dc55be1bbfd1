"""A simulated device as a process, seen from the gateway's and the processor's place on a real broker."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from edge_pacing.backoff import Backoff
from edge_service.address import BrokerAddress
from edge_service.mqtt import Message, MqttOptions, MqttSession, Subscription
from edge_wire.messages import Command, CommandAck, DeviceStatus, Reading
from tests.edge_service.process import ServiceProcess
from tests.edge_service.waiting import SECONDS, eventually
from tests.support.mosquitto import Mosquitto, MosquittoFactory

pytestmark = pytest.mark.process


@pytest.fixture
def broker(mosquitto: MosquittoFactory) -> Mosquitto:
    return mosquitto(devices=["d1", "d2", "d3"])


@pytest.fixture
def device(broker: Mosquitto, tmp_path: Path) -> Iterator[ServiceProcess]:
    """A device that the test starts when it has subscribed, so that it receives the first reading as well."""
    process = device_process(broker, tmp_path, "--rate", "20")
    yield process
    process.kill()


def device_process(broker: Mosquitto, directory: Path, *flags: str) -> ServiceProcess:
    credentials = broker.credentials("d1")
    arguments = ["--credentials", str(credentials), "--broker", broker.url, "--output", "json", *flags]
    return ServiceProcess("edge_device", directory, "device", {}, arguments)


@asynccontextmanager
async def listening(
    broker: Mosquitto, component: str, *topics: str
) -> AsyncIterator[tuple[MqttSession, list[Message]]]:
    heard: list[Message] = []
    options = MqttOptions(
        BrokerAddress.parse(broker.components_url),
        f"listening-{component}",
        broker.credentials(f"~{component}"),
        subscriptions=tuple(Subscription(topic) for topic in topics),
    )
    async with MqttSession(options, heard.append, backoff=Backoff(0.05, 0.2)) as session:
        async with asyncio.timeout(SECONDS):
            await session.connected.wait()
        yield session, heard


def statuses(heard: list[Message]) -> list[DeviceStatus]:
    return [DeviceStatus.parse(message.payload, "d1") for message in heard if message.topic.endswith("/status")]


async def test_birth_readings_and_sign_off(broker: Mosquitto, device: ServiceProcess) -> None:
    async with (
        listening(broker, "gateway", "devices/+/status") as (_, said),
        listening(broker, "processor", "devices/+/data") as (_, measured),
    ):
        device.start()
        await eventually("readings come", lambda: len(measured) >= 20)
        assert await asyncio.to_thread(device.stop) == 0
        await eventually("it signs off", lambda: len(statuses(said)) == 2)
    birth, farewell = statuses(said)
    assert (birth.status, birth.type, birth.reason) == ("online", "temperature-sensor", None)
    assert farewell.is_sign_off
    assert birth.session == farewell.session
    readings = [Reading.parse(message.payload, "d1") for message in measured]
    assert {reading.session for reading in readings} == {birth.session}
    assert [reading.seq for reading in readings] == list(range(1, len(readings) + 1))
    acknowledged = [event["seq"] for event in device.events() if event["event"] == "acknowledged"]
    assert acknowledged == [reading.seq for reading in readings]
    assert device.events()[-1]["acknowledged"] == len(readings)


async def test_its_will_is_published_and_the_next_birth_is_another_session(
    broker: Mosquitto, device: ServiceProcess
) -> None:
    async with listening(broker, "gateway", "devices/+/status") as (_, said):
        device.start()
        await eventually("it is born", lambda: len(statuses(said)) == 1)
        await asyncio.to_thread(device.kill)
        await eventually("the broker tells", lambda: len(statuses(said)) == 2)
        device.start()
        await eventually("it is born again", lambda: len(statuses(said)) == 3)
    first, will, second = statuses(said)
    assert (will.status, will.reason, will.session) == ("offline", "LastWill", first.session)
    assert not will.is_sign_off
    assert second.status == "online"
    assert second.session != first.session


async def test_commands_are_answered(broker: Mosquitto, device: ServiceProcess) -> None:
    expires_at = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=1)
    asked = [
        Command("c1", expires_at, {"command": "ping"}),
        Command("c2", expires_at, {"command": "set", "params": {"value": 95}}),
        Command("c3", expires_at, {"command": "set", "params": {"value": "hot"}}),
        Command("c4", expires_at, {"action": "fly"}),
    ]
    async with (
        listening(broker, "gateway", "devices/+/status", "devices/+/command/ack") as (gateway, heard),
        listening(broker, "processor", "devices/+/data") as (_, measured),
    ):
        device.start()
        await eventually("it is born", lambda: heard)
        await gateway.publish("devices/d1/command", b"no command")
        for command in asked:
            await gateway.publish("devices/d1/command", command.encode())
        await eventually("all are answered", lambda: len(acks(heard)) == len(asked))
        hot = "it measures what it was told to"
        await eventually(hot, lambda: measured and Reading.parse(measured[-1].payload, "d1").value > 80)
    assert [(ack.command_id, ack.status) for ack in acks(heard)] == [
        ("c1", "ok"),
        ("c2", "ok"),
        ("c3", "failed"),
        ("c4", "failed"),
    ]


def acks(heard: list[Message]) -> list[CommandAck]:
    return [CommandAck.parse(message.payload) for message in heard if message.topic.endswith("/ack")]


async def test_readings_outlast_the_broker_and_keep_their_order(broker: Mosquitto, device: ServiceProcess) -> None:
    async with listening(broker, "processor", "devices/+/data") as (session, measured):
        device.start()
        await eventually("readings come", lambda: len(measured) > 5)
        await asyncio.to_thread(broker.stop)
        await asyncio.to_thread(broker.start)
        async with asyncio.timeout(SECONDS):
            await session.connected.wait()
        sessions = {Reading.parse(message.payload, "d1").session for message in measured}
        await eventually(
            "readings of a new session come",
            lambda: Reading.parse(measured[-1].payload, "d1").session not in sessions,
        )
    keys = [(each.timestamp, each.seq) for each in (Reading.parse(message.payload, "d1") for message in measured)]
    times = [when for when, _ in keys if when is not None]
    assert len(times) == len(keys)
    assert times == sorted(times)


async def test_a_silent_device_beats(broker: Mosquitto, tmp_path: Path) -> None:
    device = device_process(broker, tmp_path, "--interval", "1h", "--heartbeat", "1s", "--duration", "4s")
    async with listening(broker, "gateway", "devices/+/status") as (_, said):
        device.start()
        await eventually("it is born, beats twice and signs off", lambda: len(statuses(said)) >= 4)
    assert [status.status for status in statuses(said)][:3] == ["online"] * 3
    assert len({status.session for status in statuses(said)}) == 1
    assert device.process is not None
    assert await asyncio.to_thread(device.process.wait, SECONDS) == 0


async def test_a_fleet_in_one_process(broker: Mosquitto, tmp_path: Path) -> None:
    for name in ("d1", "d2", "d3"):
        broker.credentials(name)
    for login in (broker.directory / "credentials").iterdir():
        assert login.name.startswith(("d", "~"))
    fleet_dir = tmp_path / "fleet"
    fleet_dir.mkdir()
    for name in ("d1", "d2", "d3"):
        (fleet_dir / name).symlink_to(broker.credentials(name))
    flags = ["--count", "3", "--kind", "pressure", "--unit", "bar", "--rate", "10", "--output", "plain"]
    arguments = ["--credentials", str(fleet_dir), "--broker", broker.url, *flags]
    fleet = ServiceProcess("edge_device", tmp_path, "fleet", {}, arguments)
    async with listening(broker, "processor", "devices/+/data") as (_, measured):
        fleet.start()
        await eventually("all send", lambda: {message.topic for message in measured} == set(DATA))
        assert await asyncio.to_thread(fleet.stop) == 0
    reading = Reading.parse(measured[0].payload, measured[0].topic.split("/")[1])
    assert (reading.sensor_type, reading.unit) == ("pressure", "bar")
    assert 0.9 < reading.value < 1.2
    assert " online device=d1 session=" in fleet.output.read_text()


async def test_five_hundred_in_one_process_with_their_secrets_and_tls(
    mosquitto: MosquittoFactory, tmp_path: Path
) -> None:
    names = [f"unit-{number:03}" for number in range(500)]
    broker = mosquitto(devices=names)
    fleet_dir = tmp_path / "fleet"
    fleet_dir.mkdir()
    for name in names:
        place = broker.credentials(name)
        (place / "url").write_text(broker.tls_url)
        (fleet_dir / name).symlink_to(place)
    arguments = ["--credentials", str(fleet_dir), "--count", "500", "--interval", "2s", "--output", "quiet"]
    fleet = ServiceProcess("edge_device", tmp_path, "fleet", {}, arguments)
    topics = {f"devices/{name}/data" for name in names}
    async with (
        listening(broker, "processor", "devices/+/data") as (_, measured),
        listening(broker, "gateway", "devices/+/status") as (_, said),
    ):
        fleet.start()
        await eventually("all send", lambda: {message.topic for message in measured} >= topics, 60)
        assert await asyncio.to_thread(fleet.stop) == 0

        def signed_off() -> bool:
            ends = {message.topic: message.payload for message in said}
            return len(ends) == len(names) and all(b"Disconnected" in payload for payload in ends.values())

        await eventually("all have signed off", signed_off, 60)


DATA = ("devices/d1/data", "devices/d2/data", "devices/d3/data")


def test_without_credentials_it_says_what_to_give(tmp_path: Path) -> None:
    process = ServiceProcess("edge_device", tmp_path, "nobody").start()
    assert process.process is not None
    assert process.process.wait(SECONDS) == 2
    assert "edge-device cannot start: no credentials: give --credentials DIR" in process.messages()[-1]
