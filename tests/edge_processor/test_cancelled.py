"""Who works for the ingester ends when cancelled, even as that comes which he waits for: else no tenure would end."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

import pytest
from prometheus_client import CollectorRegistry

from edge_mqtt5 import Bulk
from edge_processor.commits import Commits
from edge_processor.link_answers import Answered
from edge_processor.metrics import ProcessorMetrics
from edge_processor.session import IngestSession
from edge_processor.sinks.outbox import Outbox
from edge_processor.sinks.sensors import Sensors
from edge_processor.store_link import StoreLink
from edge_service.address import BrokerAddress
from edge_service.mqtt import MqttOptions, MqttSession
from edge_service.mqtt.credentials import Login
from edge_service.store import StoreClient
from edge_wire.store import StoreUnavailableError
from edge_wire.store.frames import CommitRequest
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
    await ends_when_cancelled(outbox.run(), lambda: outbox.stored([(1, READING)], alerts=1), turns)


class Failing(StoreLink):
    """A link without a connection, of which the test decides when a request fails."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:1", 1, lambda _: None)
        self.answered: list[Answered] = []

    def begin(self, request: CommitRequest, answered: Answered) -> None:  # noqa: ARG002 - as of the base
        self.answered.append(answered)


@pytest.mark.parametrize("turns", TURNS)
async def test_the_commits_as_one_fails(turns: int, metrics: ProcessorMetrics) -> None:
    link = Failing()
    commits = Commits(link, "hall-1", 1, metrics)
    commits.submit([received(1)], lambda _: None)
    failed = StoreUnavailableError("full")
    await ends_when_cancelled(commits.run(), lambda: link.answered[0](failed), turns)


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
        sensors.stored([(1, READING)], alerts=0)
        await unanswered.begun.wait()
        await ends_when_cancelled(sensors.drained(), unanswered.acknowledge_all, turns)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
