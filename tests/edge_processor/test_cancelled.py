"""Who works for the ingester ends when cancelled, even as that comes which he waits for: else no tenure would end."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

import pytest
from prometheus_client import CollectorRegistry

from edge_mqtt5 import Bulk
from edge_processor.batcher import Batcher
from edge_processor.commits import Commits
from edge_processor.ingest import Ingest
from edge_processor.metrics import ProcessorMetrics
from edge_processor.session import IngestSession
from edge_processor.sinks.outbox import Outbox
from edge_processor.sinks.sensors import Sensors
from edge_processor.store_link import StoreLink
from edge_service.address import BrokerAddress
from edge_service.mqtt import MqttOptions, MqttSession
from edge_service.mqtt.credentials import Login
from edge_service.store import StoreClient
from edge_wire.store.frames import CommitAnswer, Status
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
    await ends_when_cancelled(outbox.run(), lambda: asyncio.create_task(outbox.stored([READING], alerts=1)), turns)


@pytest.mark.parametrize("turns", TURNS)
async def test_the_inbox_as_a_message_comes(turns: int) -> None:
    inbox = Batcher(2, 100)
    await ends_when_cancelled(inbox.take(), lambda: inbox.add([received(1)]), turns)


@pytest.mark.parametrize("turns", TURNS)
async def test_the_acknowledgements_as_a_batch_is_committed(turns: int, metrics: ProcessorMetrics) -> None:
    commits = Commits(StoreLink("http://127.0.0.1:1", 1, lambda _: None), "hall-1", 1, metrics)
    committed: asyncio.Future[CommitAnswer] = asyncio.get_running_loop().create_future()

    async def stored(_readings: object) -> None: ...

    inbox = Batcher(2, 100)
    inbox.add([received(1)])
    ingest = Ingest(inbox, commits, stored, metrics)
    commits.submit = lambda _batch: committed  # type: ignore[assignment,method-assign]
    submitting = asyncio.create_task(ingest.submit())
    await ends_when_cancelled(ingest.acknowledge(), lambda: committed.set_result(CommitAnswer(Status.STORED)), turns)
    submitting.cancel()


class Unanswered(IngestSession):
    """A session with a broker that acknowledges nothing until it is asked to."""

    def __init__(self) -> None:
        super().__init__(MqttOptions(BrokerAddress("127.0.0.1", 1), "edge-processor"))
        self.connected.set()
        self.begun = asyncio.Event()
        self.sent: list[Bulk] = []

    def publish_many(self, messages: Sequence[tuple[bytes, bytes]], moved: Callable[[Bulk], None]) -> Bulk:
        self.begun.set()
        self.sent.append(Bulk(messages, moved))
        return self.sent[-1]

    def acknowledge_all(self) -> None:
        """Confirm all that was sent so far."""
        for bulk in self.sent:
            bulk.confirmed = len(bulk.messages)
            bulk.moved(bulk)


@pytest.mark.parametrize("turns", TURNS)
async def test_the_drain_as_all_is_acknowledged(turns: int, metrics: ProcessorMetrics) -> None:
    unanswered = Unanswered()
    async with StoreClient("http://127.0.0.1:1") as store:
        sensors = Sensors(unanswered, store, 1, metrics)
        running = asyncio.create_task(sensors.run())
        await sensors.stored([READING], alerts=0)
        await unanswered.begun.wait()
        await ends_when_cancelled(sensors.drained(), unanswered.acknowledge_all, turns)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
