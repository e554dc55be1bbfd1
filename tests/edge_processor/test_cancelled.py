"""Who works for the ingester ends when cancelled, even as that comes which he waits for: else no tenure would end."""

import asyncio

import pytest
from prometheus_client import CollectorRegistry

from edge_processor.fanout import MOST_WAITING, Fanout
from edge_processor.inbox import Inbox
from edge_processor.metrics import ProcessorMetrics
from edge_processor.outbox import Outbox
from edge_service.address import BrokerAddress
from edge_service.mqtt import MqttOptions, MqttSession
from edge_service.mqtt.credentials import Login
from edge_service.store import StoreClient
from tests.edge_processor.messages import received
from tests.support.cancelled import TURNS, ends_when_cancelled


@pytest.fixture
def metrics() -> ProcessorMetrics:
    return ProcessorMetrics(CollectorRegistry())


def session() -> MqttSession:
    """A session that is never run: nothing of it answers."""
    return MqttSession(MqttOptions(BrokerAddress("127.0.0.1", 1), "edge-processor", login=Login(None, None)))


@pytest.mark.parametrize("turns", TURNS)
async def test_the_outbox_as_something_was_stored(turns: int, metrics: ProcessorMetrics) -> None:
    outbox = Outbox(StoreClient("http://127.0.0.1:1"), session(), 1, metrics)
    await ends_when_cancelled(outbox.run(), outbox.look, turns)


@pytest.mark.parametrize("turns", TURNS)
async def test_the_inbox_as_a_batch_is_full(turns: int) -> None:
    inbox = Inbox(2, 100, linger_seconds=60)
    inbox.add(received(1))
    await ends_when_cancelled(inbox.take(), lambda: inbox.add(received(2)), turns)


@pytest.mark.parametrize("turns", TURNS)
async def test_the_fanout_as_something_was_published(turns: int, metrics: ProcessorMetrics) -> None:
    away = session()
    away.connected.set()
    fanout = Fanout(away, metrics)
    reading = {"device_id": "d1", "seq": 1}
    await fanout.put([reading] * MOST_WAITING)
    publishing: list[asyncio.Task[None]] = []

    def publish() -> None:
        publishing.append(asyncio.create_task(fanout.run()))

    await ends_when_cancelled(fanout.put([reading]), publish, turns)
    publishing[0].cancel()
