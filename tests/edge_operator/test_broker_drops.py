"""A real broker that drops what a full queue has no room for: counted, and said of the site."""

import asyncio
from collections.abc import Iterator

import pytest
from kubernetes import client

from edge_operator.api.broker import BrokerClient
from edge_operator.desired.config_map.mosquitto import MIN_MESSAGES
from edge_operator.status.dropped_messages import DroppedMessages
from edge_service.address import BrokerAddress
from edge_service.mqtt import MqttOptions, MqttSession, Subscription
from tests.support.brokered import BrokeredSite, brokered
from tests.support.mosquitto import HOST, Mosquitto, MosquittoFactory
from tests.support.processes import OperatorFactory, eventually
from tests.support.sites import Sites

DEVICE, SLEEPER = "pump", "~scada"
LITTLE = 1 << 20
BEYOND = 50
MESSAGE_SECONDS = 20.0


@pytest.fixture
def site(module_mosquitto: MosquittoFactory, namespace: str, api: client.ApiClient) -> Iterator[BrokeredSite]:
    scada = BrokerClient(name=SLEEPER.removeprefix("~"), subscribe=["devices/+/data"])
    with brokered(Sites.of(api, namespace), "plant", module_mosquitto([DEVICE], [scada], LITTLE)) as site:
        site.apply()
        yield site


def options(broker: Mosquitto, name: str, *topics: str) -> MqttOptions:
    subscriptions = tuple(Subscription(topic) for topic in topics)
    address = BrokerAddress(HOST, broker.layout.mqtt)
    login = broker.credentials(name)
    return MqttOptions(
        address, name, login, clean_start=False, session_expiry=600, subscriptions=subscriptions, inflight=10
    )


async def fill(broker: Mosquitto) -> None:
    """Have somebody subscribe and leave, and publish more than is kept for him."""
    async with MqttSession(options(broker, SLEEPER, "devices/+/data")) as sleeper:
        async with asyncio.timeout(MESSAGE_SECONDS):
            await sleeper.connected.wait()
    async with MqttSession(options(broker, DEVICE)) as device:
        async with asyncio.timeout(MESSAGE_SECONDS):
            await device.connected.wait()
        sent = [device.send(f"devices/{DEVICE}/data", b"{}") for _ in range(MIN_MESSAGES + BEYOND)]
        async with asyncio.timeout(MESSAGE_SECONDS):
            await asyncio.gather(*sent)


def test_what_the_broker_drops_is_counted_and_reported(site: BrokeredSite, make_operator: OperatorFactory) -> None:
    operator = site.lead(make_operator)
    where = {"namespace": site.sites.namespace, "site": site.name}
    assert site.sites.condition(site.name, "BrokerDropping") == {}
    eventually("the broker tells", lambda: operator.metric("edge_broker_messages_total", kind="dropped") >= 1, 30)
    asyncio.run(fill(site.broker))
    eventually("counted", lambda: operator.metric("edge_broker_messages_dropped_total", **where) >= BEYOND, 30)
    condition = eventually("told", lambda: site.sites.condition(site.name, "BrokerDropping"))
    assert (condition["status"], condition["reason"]) == ("True", "QueueFull")
    told = DroppedMessages.parse(condition["message"])
    assert told is not None
    assert told.messages >= 1, condition["message"]
    (event,) = eventually("one Event", lambda: site.events("QueueFull"))
    assert DroppedMessages.parse(event["note"]) is not None, event
    assert site.sites.condition(site.name, "BrokerConnected")["status"] == "True"
    operator.kill()
    make_operator.renew_lease()
    successor = site.lead(make_operator)
    eventually("the broker's figures", lambda: successor.metric("edge_broker_messages_total", kind="dropped") >= 1)
    site.apply(location="elsewhere")
    site.sites.await_reconciled(site.name)
    assert successor.metric("edge_broker_messages_dropped_total", **where) == 0, "it has seen none of them itself"
    kept = site.sites.condition(site.name, "BrokerDropping") | {"observedGeneration": condition["observedGeneration"]}
    assert kept == condition, "the one that takes over keeps the condition"
