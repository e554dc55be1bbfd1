"""Who works for the ingester ends when cancelled, even as that comes which he waits for: else no tenure would end."""

import asyncio
from contextlib import suppress

import pytest
from prometheus_client import CollectorRegistry

from edge_processor.batcher import Batcher
from edge_processor.metrics import ProcessorMetrics
from edge_processor.sinks.outbox import Outbox
from edge_processor.sinks.sensors import Sensors
from edge_service.address import BrokerAddress
from edge_service.mqtt import MqttOptions, MqttSession, NotConnectedError
from edge_service.mqtt.credentials import Login
from edge_service.store import StoreClient
from tests.edge_processor.messages import received
from tests.support.cancelled import TURNS, ends_when_cancelled

READING = b'{"device_id":"d1","offset":1,"received_at":"2026-11-25T12:00:00.000Z"}'


@pytest.fixture
def metrics() -> ProcessorMetrics:
    return ProcessorMetrics(CollectorRegistry())


def session() -> MqttSession:
    """A session that is never run: nothing of it answers."""
    return MqttSession(MqttOptions(BrokerAddress("127.0.0.1", 1), "edge-processor", login=Login(None, None)))


@pytest.mark.parametrize("turns", TURNS)
async def test_the_outbox_as_something_was_stored(turns: int, metrics: ProcessorMetrics) -> None:
    outbox = Outbox(StoreClient("http://127.0.0.1:1"), session(), 1, metrics)
    await ends_when_cancelled(outbox.run(), lambda: asyncio.create_task(outbox.stored([READING])), turns)


@pytest.mark.parametrize("turns", TURNS)
async def test_the_inbox_as_a_batch_is_full(turns: int) -> None:
    inbox = Batcher(2, 100, linger_seconds=60)
    inbox.add(received(1))
    await ends_when_cancelled(inbox.take(), lambda: inbox.add(received(2)), turns)


class Unanswered(MqttSession):
    """A session with a broker that acknowledges nothing, until its connection is lost."""

    def __init__(self) -> None:
        super().__init__(MqttOptions(BrokerAddress("127.0.0.1", 1), "edge-processor"))
        self.connected.set()
        self.begun = asyncio.Event()
        self.sent: list[asyncio.Future[int]] = []

    def send(
        self, topic: str, payload: bytes, qos: int = 1, *, retain: bool = False, expiry: int | None = None
    ) -> asyncio.Future[int]:
        assert (qos, retain, expiry) == (1, False, None), f"{topic}: {payload!r}"
        self.begun.set()
        self.sent.append(asyncio.get_running_loop().create_future())
        return self.sent[-1]

    def lose(self) -> None:
        """Have all fail that was sent so far."""
        sent, self.sent = self.sent, []
        for each in sent:
            each.set_exception(NotConnectedError("lost"))


@pytest.mark.parametrize("turns", TURNS)
async def test_the_drain_as_the_connection_is_lost(turns: int, metrics: ProcessorMetrics) -> None:
    unanswered = Unanswered()
    async with StoreClient("http://127.0.0.1:1") as store:
        sensors = Sensors(unanswered, store, 1, metrics)
        running = asyncio.create_task(sensors.run())
        await sensors.stored([READING])
        await unanswered.begun.wait()
        await ends_when_cancelled(sensors.drained(), unanswered.lose, turns)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
