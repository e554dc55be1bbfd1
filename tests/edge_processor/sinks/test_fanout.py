"""Publishing what was stored, over a broker that comes and goes."""

import asyncio
import json
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from edge_pacing.backoff import Backoff
from edge_processor.metrics import ProcessorMetrics
from edge_processor.sinks.fanout import MAX_WAITING, WINDOW, Fanout
from edge_service.address import BrokerAddress
from edge_service.mqtt import Message, MqttOptions, MqttSession, Subscription
from tests.edge_processor.conftest import CLIENTS
from tests.edge_service.waiting import SECONDS, eventually
from tests.support.mosquitto import Mosquitto, MosquittoFactory


@pytest.fixture
def broker(mosquitto: MosquittoFactory) -> Mosquitto:
    return mosquitto(clients=CLIENTS)


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def session(broker: Mosquitto) -> MqttSession:
    address = BrokerAddress.parse(broker.components_url)
    return MqttSession(MqttOptions(address, "edge-processor", broker.credentials("~processor")), backoff=quick())


def quick() -> Backoff:
    return Backoff(0.05, 0.2)


def readings(first: int, count: int) -> list[dict[str, Any]]:
    return [{"device_id": "d1", "seq": seq} for seq in range(first, first + count)]


async def test_a_broken_connection_loses_none_and_keeps_the_order(
    broker: Mosquitto, registry: CollectorRegistry
) -> None:
    heard: list[Message] = []
    durable = MqttOptions(
        BrokerAddress.parse(broker.url),
        "~scada",
        broker.credentials("~scada"),
        clean_start=False,
        session_expiry=60,
        subscriptions=(Subscription("cloud/sensors/#"),),
    )
    async with MqttSession(durable, heard.append, backoff=quick()) as listener, session(broker) as sender:
        async with asyncio.timeout(SECONDS):
            await listener.connected.wait()
        fanout = Fanout(sender, ProcessorMetrics(registry))
        running = asyncio.create_task(fanout.run())
        await fanout.stored(readings(0, WINDOW))
        await asyncio.to_thread(broker.stop)
        await fanout.stored(readings(WINDOW, WINDOW))
        await asyncio.to_thread(broker.start)
        async with asyncio.timeout(SECONDS):
            await sender.connected.wait()
            await fanout.drained()
        await eventually("all are heard", lambda: len(set(numbers(heard))) == 2 * WINDOW)
        running.cancel()
    first_time = list(dict.fromkeys(numbers(heard)))
    assert first_time == sorted(first_time)


def numbers(heard: list[Message]) -> list[int]:
    return [json.loads(message.payload)["seq"] for message in heard]


async def test_without_a_broker_it_holds_so_many_and_counts_the_rest(
    broker: Mosquitto, registry: CollectorRegistry
) -> None:
    fanout = Fanout(session(broker), ProcessorMetrics(registry))
    await fanout.stored(readings(0, MAX_WAITING))
    async with asyncio.timeout(SECONDS):
        await fanout.stored(readings(MAX_WAITING, 7))
    left_out = registry.get_sample_value("edge_processor_readings_unpublished_total", {"reason": "no_connection"})
    assert left_out == 7


async def test_what_the_broker_refuses_holds_nobody_up(broker: Mosquitto, registry: CollectorRegistry) -> None:
    """As the gateway's login it may publish on cloud/sensors; as the store's it may not."""
    address = BrokerAddress.parse(broker.components_url)
    options = MqttOptions(address, "edge-storage", broker.credentials("~storage"))
    async with MqttSession(options, backoff=quick()) as sender:
        async with asyncio.timeout(SECONDS):
            await sender.connected.wait()
        fanout = Fanout(sender, ProcessorMetrics(registry))
        running = asyncio.create_task(fanout.run())
        await fanout.stored(readings(0, 3))
        async with asyncio.timeout(SECONDS):
            await fanout.drained()
        running.cancel()
    assert registry.get_sample_value("edge_processor_readings_unpublished_total", {"reason": "refused"}) == 3
