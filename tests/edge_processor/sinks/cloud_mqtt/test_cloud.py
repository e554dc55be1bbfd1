"""Readings and alerts to a real broker elsewhere: TLS, logins that change, crashes, messages that it rejects."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from edge_processor.delivery.destination import AlertsRefusedError, DeliveryError, Outcome
from edge_processor.settings import ProcessorSettings
from edge_processor.sinks.cloud.mqtt import attempts as product
from edge_processor.sinks.cloud.mqtt import mqtt_cloud
from edge_processor.sinks.cloud.mqtt.cloud import MAX_SENT_MESSAGES
from edge_processor.sinks.cloud.mqtt.login import login_in
from edge_service.mqtt import ConnectError, Login
from tests.edge_processor.sinks.alerts.documents import alert
from tests.edge_processor.sinks.cloud_mqtt.uplink import CLIENTS, entries, reading, slow_way, uplink
from tests.edge_service.waiting import eventually
from tests.support.mosquitto import Mosquitto, MosquittoFactory

MANY = 4000
BATCH = 500
SECONDS = 60.0


@pytest.fixture
def broker(mosquitto: MosquittoFactory) -> Mosquitto:
    return mosquitto(clients=CLIENTS)


@pytest.fixture
def secret(broker: Mosquitto, tmp_path: Path) -> Path:
    return Path(shutil.copytree(broker.credentials("~uplink"), tmp_path / "secret"))


async def test_both_lanes_and_alerts_arrive_in_order_under_the_prefix(broker: Mosquitto, secret: Path) -> None:
    async with reading(broker) as heard, uplink(broker, secret) as cloud, asyncio.timeout(SECONDS):
        await cloud.connected.wait()
        assert cloud.last_error == ""
        assert cloud.session.options.client_id == "factory.berlin.processor"
        live, backlog = cloud.sender("live"), cloud.sender("backlog")
        old = [backlog.send(entries("old", range(at, at + BATCH))) for at in range(1, MANY, BATCH)]
        new = [live.send(entries("new", range(at, at + BATCH))) for at in range(MANY + 1, 2 * MANY, BATCH)]
        await cloud.send_alerts([alert("pump-1"), alert("pump-1", "cleared", 2)])
        assert await asyncio.gather(*old, *new) == [Outcome()] * (2 * MANY // BATCH)
        for device, first in (("old", 1), ("new", MANY + 1)):
            await heard.count(2 * MANY + 2)
            assert heard.offsets(device) == list(range(first, first + MANY))
        assert [each["state"] for each in heard.on("plant-1/alerts/pump-1")] == ["firing", "cleared"]
        assert len(heard.messages) == 2 * MANY + 2, "none comes twice"


@pytest.mark.parametrize("end", [Mosquitto.stop, Mosquitto.kill], ids=["SIGTERM", "kill -9"])
async def test_a_broker_that_ends_amid_readings_and_alerts_gets_the_rest_afterwards(
    broker: Mosquitto, secret: Path, end: Callable[[Mosquitto], None]
) -> None:
    """After kill -9 the broker has lost what it had acknowledged and not saved: the rest is complete, and in order."""
    async with reading(broker) as heard, uplink(broker, secret) as cloud, asyncio.timeout(SECONDS):
        await cloud.connected.wait()
        live = cloud.sender("live")
        sent = [live.send(entries("d1", range(at, at + BATCH))) for at in range(1, 5 * MANY, BATCH)]
        await sent[2]
        await asyncio.to_thread(end, broker)
        await eventually("noticed", lambda: not cloud.connected.is_set())
        assert cloud.last_error
        with pytest.raises(DeliveryError, match="not connected"):
            await cloud.send_alerts([alert("d1")])
        confirmed = sum(each.done() for each in sent)
        assert confirmed < len(sent), "it ended before the last one"
        await asyncio.to_thread(broker.start)
        assert await asyncio.gather(*sent) == [Outcome()] * len(sent)
        await cloud.send_alerts([alert("d1")])
        await heard.until(lambda: heard.on("plant-1/alerts/d1"))
        offsets, last = heard.offsets("d1"), 5 * MANY
    if end is Mosquitto.stop:
        assert offsets == list(range(1, last + 1))
    else:
        assert offsets == sorted(offsets)
        lost = set(range(1, last + 1)) - set(offsets)
        assert max(lost, default=0) <= confirmed * BATCH + 2 * MAX_SENT_MESSAGES, "only what was acknowledged before"


async def test_messages_that_the_broker_rejects_are_named_and_hold_up_none(
    broker: Mosquitto, secret: Path, tmp_path: Path
) -> None:
    async with reading(broker) as heard, uplink(broker, secret) as cloud, asyncio.timeout(SECONDS):
        await cloud.connected.wait()
        mixed = [*entries("d1", [1]), *entries("not a level", [2]), *entries("d1", [3])]
        assert await cloud.sender("live").send(mixed) == Outcome(((1, "its device id cannot be a level of a topic"),))
        await heard.count(2)
        with pytest.raises(AlertsRefusedError) as refused:
            await cloud.send_alerts([alert("d1"), alert("not a level", number=2), alert("d1", "cleared", 3)])
        assert [at for at, _ in refused.value.refused] == [1]
        await heard.until(lambda: len(heard.on("plant-1/alerts/d1")) == 2)


async def test_messages_without_the_right_to_publish_wait_until_there_is_one(broker: Mosquitto, secret: Path) -> None:
    right = {name: (secret / name).read_text() for name in ("username", "password")}
    for name in ("username", "password"):
        (secret / name).write_text({"username": "~reader", "password": broker.passwords["~reader"]}[name])
    async with uplink(broker, secret) as cloud, asyncio.timeout(SECONDS):
        await cloud.connected.wait()
        with pytest.raises(DeliveryError, match="Not authorized") as failed:
            await cloud.send_alerts([alert("d1")])
        assert failed.value.retry_after_seconds
        assert not cloud.connected.is_set()
        sent = cloud.sender("live").send([*entries("not a level", [1]), *entries("d1", range(2, 1001))])
        await eventually("refused", lambda: cloud.last_error == "the broker takes no readings: Not authorized")
        await asyncio.sleep(1.5)
        assert (sent.done(), cloud.connected.is_set()) == (False, False)
        await asyncio.to_thread(broker.stop)
        for name, value in right.items():
            (secret / name).write_text(value)
        await asyncio.to_thread(broker.start)
        assert (await sent).refused == ((0, "its device id cannot be a level of a topic"),)
        await cloud.connected.wait()
        await cloud.send_alerts([alert("d1")])
        assert (cloud.connected.is_set(), cloud.last_error) == (True, "")


async def test_a_wrong_password_is_healed_by_a_new_secret(
    broker: Mosquitto, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(product, "FIRST_WAIT_SECONDS", 3600.0)
    (secret / "password").write_text("geheim")
    async with uplink(broker, secret, sync_interval=3600.0) as cloud, asyncio.timeout(SECONDS):
        await eventually("refused", lambda: "refuses the client" in cloud.last_error)
        assert "geheim" not in cloud.last_error
        waiting = cloud.sender("live").send(entries("d1", [1]))
        (secret / "password").unlink()
        await eventually("missing", lambda: "password is missing" in cloud.last_error)
        (secret / "username").unlink()
        (secret / "ca.crt").unlink()
        await eventually(
            "no file", lambda: f"{secret} has neither username and password nor ca.crt" in cloud.last_error
        )
        shutil.copytree(broker.credentials("~uplink"), secret, dirs_exist_ok=True)
        assert await waiting == Outcome()


def test_authorities_without_a_login_are_enough_and_no_file_is_no_login(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("of HTTPS")
    with pytest.raises(ConnectError, match="create the Secret of the cloud"):
        login_in(tmp_path)
    (tmp_path / "ca.crt").write_text("pem")
    assert login_in(tmp_path) == Login(authorities=tmp_path / "ca.crt")
    assert login_in(None) == Login()


async def test_a_broker_of_another_authority_gets_no_login(broker: Mosquitto, secret: Path) -> None:
    (secret / "ca.crt").unlink()
    async with uplink(broker, secret) as cloud, asyncio.timeout(SECONDS):
        await eventually("not trusted", lambda: "is not trusted" in cloud.last_error)
        assert not cloud.connected.is_set()
        (secret / "ca.crt").write_text(broker.authority)
        await cloud.connected.wait()


async def test_a_live_reading_does_not_wait_for_the_backlog_on_a_slow_link(
    mosquitto: MosquittoFactory, tmp_path: Path
) -> None:
    broker = mosquitto(clients=CLIENTS)
    conf = Path(broker.layout.config_dir) / "mosquitto.conf"
    conf.write_text(conf.read_text().replace("max_inflight_messages 1000", "max_inflight_messages 20"))
    broker.stop()
    broker.start()
    secret = broker.credentials("~uplink")
    loop = asyncio.get_running_loop()
    async with slow_way(broker, 0.05) as port, uplink(broker, secret, port) as cloud, asyncio.timeout(SECONDS):
        await cloud.connected.wait()
        assert cloud.session.window_messages == 20
        backlog = [cloud.sender("backlog").send(entries("old", range(at, at + BATCH))) for at in (1, BATCH + 1)]
        waits = []
        for number in range(2000, 2010):
            begun = loop.time()
            await cloud.sender("live").send(entries("new", [number]))
            waits.append(loop.time() - begun)
        assert not backlog[0].done(), "1000 messages, 20 at a time, take 5 s"
        assert max(waits) < 1.0
        first = loop.time()
        await asyncio.gather(*backlog)
        assert loop.time() - first < 10.0, "the backlog has the whole window while nothing else is sent"


@pytest.mark.parametrize(
    "endpoint",
    [
        "mqtt://broker:1883",
        "https://cloud",
        "mqtts://",
        "mqtts://user:geheim@broker",
        "mqtts://broker/a/+/b",
        "mqtts://broker:99999",
    ],
)
def test_an_endpoint_that_is_wrong_is_named_and_not_shown(endpoint: str) -> None:
    with pytest.raises(ValueError, match="CLOUD_ENDPOINT must be") as failed:
        mqtt_cloud(ProcessorSettings(cloud_endpoint=endpoint), "")
    assert "geheim" not in str(failed.value)
