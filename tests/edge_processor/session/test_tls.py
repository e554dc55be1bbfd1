"""The ingester's session over TLS, against a real broker with the certificate that the operator issues."""

import asyncio
from pathlib import Path

import pytest

from edge_processor.session import IngestSession
from edge_service.address import BrokerAddress
from edge_service.mqtt import Login, MqttError, MqttOptions, Subscription, UntrustedError
from tests.edge_processor.session.receiving import SECONDS, Received, connected, quick, send
from tests.edge_service.waiting import eventually
from tests.support.mosquitto import Mosquitto, MosquittoFactory

PAYLOADS = [b"%d" % number + b"x" * 2000 for number in range(3000)]


@pytest.fixture(scope="module")
def broker(module_mosquitto: MosquittoFactory) -> Mosquitto:
    return module_mosquitto(devices=["d1", "d2"])


def login(broker: Mosquitto, **authorities: object) -> Login:
    return Login("d1", broker.passwords["d1"], **authorities)  # type: ignore[arg-type]


def options(broker: Mosquitto, own: Login) -> MqttOptions:
    address = BrokerAddress.parse(broker.tls_url)
    return MqttOptions(address, "d1", login=own, subscriptions=(Subscription("devices/d1/command"),))


async def test_a_burst_over_tls_arrives_whole(broker: Mosquitto) -> None:
    received = Received()
    address = BrokerAddress.parse(broker.components_url)
    tls = MqttOptions(
        BrokerAddress.parse(broker.tls_url),
        "d1",
        broker.credentials("d1"),
        receive_maximum=1000,
        inflight=1000,
        subscriptions=(Subscription("devices/d1/command"),),
    )
    gateway = MqttOptions(address, "edge-gateway", broker.credentials("~gateway"), inflight=1000)
    async with connected(tls, received) as device, connected(gateway) as sender:
        sending = asyncio.create_task(send(device, PAYLOADS))
        await send(sender, PAYLOADS, b"devices/d1/command")
        assert await received.count(len(PAYLOADS)) == PAYLOADS
        await sending


async def test_a_broker_that_nobody_vouches_for_gets_no_login(broker: Mosquitto) -> None:
    told: list[MqttError] = []
    async with IngestSession(options(broker, login(broker)), backoff=quick(), on_down=told.append) as session:
        await eventually("told", lambda: told)
        assert isinstance(told[0], UntrustedError)
        assert "is not trusted" in session.last_error
        assert "ca.crt must contain the authority" in session.last_error


async def test_authorities_that_come_later_are_trusted(broker: Mosquitto, tmp_path: Path) -> None:
    for name in ("username", "password"):
        (tmp_path / name).write_text({"username": "d1", "password": broker.passwords["d1"]}[name])
    address = BrokerAddress.parse(broker.tls_url)
    async with IngestSession(MqttOptions(address, "d1", tmp_path), backoff=quick()) as session:
        await eventually("not trusted", lambda: "is not trusted" in session.last_error)
        (tmp_path / "ca.crt").write_text("nothing")
        await eventually("no certificates", lambda: "holds no certificates that can be trusted" in session.last_error)
        (tmp_path / "ca.crt").write_text(broker.authority)
        async with asyncio.timeout(SECONDS):
            await session.connected.wait()


async def test_authorities_that_come_as_text_are_trusted(broker: Mosquitto) -> None:
    async with connected(options(broker, login(broker, authorities_pem=broker.authority))):
        pass


async def test_a_listener_without_tls_is_named(broker: Mosquitto) -> None:
    plain = BrokerAddress(BrokerAddress.parse(broker.url).host, BrokerAddress.parse(broker.url).port, tls=True)
    trusted = MqttOptions(plain, "d1", login=login(broker, authorities_pem=broker.authority))
    async with IngestSession(trusted, backoff=quick()) as session:
        await eventually("told", lambda: "cannot be reached" in session.last_error)
