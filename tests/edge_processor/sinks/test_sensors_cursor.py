"""What moves the cursor of cloud/sensors, and when it is written; on a virtual clock."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from prometheus_client import CollectorRegistry

from edge_mqtt5 import Bulk
from edge_processor.delivery.cursor_file import WRITE_SECONDS
from edge_processor.delivery.lanes.backlog import LIVE_SECONDS
from edge_processor.delivery.ledger import entries_of
from edge_processor.metrics import ProcessorMetrics
from edge_processor.session import IngestSession
from edge_processor.sinks.sensors import Sensors
from edge_service.address import BrokerAddress
from edge_service.mqtt import MqttOptions
from edge_service.store import StoreClient
from edge_wire.store import Cursor, LogPage
from edge_wire.store.line import offset_of
from tests.edge_operator.cluster.virtual import run_virtual


def lines(*offsets: int) -> list[bytes]:
    return [b'{"device_id":"d1","offset":%d,"received_at":"2026-11-25T12:00:00.000Z"}' % each for each in offsets]


class Store(StoreClient):
    """The store's side: cursors that were written."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:1")
        self.newest = 0
        self.written: list[Cursor] = []

    async def log(self, after: int, limit: int, max_bytes: int) -> LogPage:
        assert max_bytes > 0
        kept = lines(*range(after + 1, self.newest + 1))[:limit]
        return LogPage(tuple(kept), self.newest)

    async def cursor(self, name: str) -> Cursor | None:
        assert name == "cloud-sensors"
        return Cursor(0)

    async def put_cursor(self, name: str, cursor: Cursor, *, token: int, log_id: str = "") -> Cursor:
        assert (name, token, log_id) == ("cloud-sensors", 7, "")
        self.written.append(cursor)
        return cursor


class Broker(IngestSession):
    """The broker's side: acknowledges when the test asks for it.

    Attributes:
        bulks: what was published.
    """

    def __init__(self) -> None:
        super().__init__(MqttOptions(BrokerAddress("127.0.0.1", 1), "edge-processor"))
        self.connected.set()
        self.bulks: list[Bulk] = []

    def publish_many(self, messages: Sequence[tuple[bytes, bytes]], moved: Callable[[Bulk], None]) -> Bulk:
        assert {topic for topic, _ in messages} == {b"cloud/sensors/d1"}
        self.bulks.append(Bulk(messages, moved))
        return self.bulks[-1]

    def acknowledge(self, number: int, refused: dict[int, int] | None = None) -> None:
        """Acknowledge all messages of a bulk; some are refused, by their index."""
        bulk = self.bulks[number]
        bulk.confirmed = len(bulk.messages)
        bulk.refused.update(refused or {})
        bulk.moved(bulk)

    @property
    def offsets(self) -> list[int]:
        return [offset_of(payload) for bulk in self.bulks for _, payload in bulk.messages]


class World:
    def __init__(self) -> None:
        self.store, self.broker, self.registry = Store(), Broker(), CollectorRegistry()
        self.sensors = Sensors(self.broker, self.store, 7, ProcessorMetrics(self.registry))

    async def stored(self, *offsets: int) -> None:
        self.store.newest = max(self.store.newest, *offsets)
        self.sensors.stored(entries_of(lines(*offsets)), alerts=0)


def play(story: Callable[[World], Awaitable[None]]) -> World:
    async def told() -> World:
        world = World()
        running = asyncio.create_task(world.sensors.run())
        await asyncio.sleep(0.01)  # the cursor is read
        await story(world)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        return world

    return run_virtual(told())


def test_only_an_acknowledgement_moves_it() -> None:
    async def story(world: World) -> None:
        await world.stored(1, 2, 3)
        await asyncio.sleep(5 * WRITE_SECONDS)
        assert (world.broker.offsets, world.store.written) == ([1, 2, 3], [])
        world.broker.acknowledge(0)
        await asyncio.sleep(1.1 * WRITE_SECONDS)

    assert play(story).store.written == [Cursor(3)]


def test_it_is_written_once_a_second_however_much_is_published() -> None:
    async def story(world: World) -> None:
        for offset in range(1, 31):
            await world.stored(offset)
            world.broker.acknowledge(-1)
            await asyncio.sleep(0.1)

    assert 2 <= len(play(story).store.written) <= 3


def test_what_the_broker_rejects_is_counted_and_the_cursor_moves_on() -> None:
    async def story(world: World) -> None:
        await world.stored(1, 2)
        world.broker.acknowledge(0, refused={0: 0x87})
        await asyncio.sleep(1.1 * WRITE_SECONDS)

    world = play(story)
    assert world.store.written == [Cursor(2)]
    refused = world.registry.get_sample_value("edge_processor_readings_unpublished_total", {"reason": "refused"})
    assert refused == 1


def test_a_notification_is_enough_to_publish_what_was_stored_elsewhere() -> None:
    async def story(world: World) -> None:
        await asyncio.sleep(0.01)
        world.store.newest = 4
        world.sensors.stored_elsewhere(4)
        await asyncio.sleep(2 * LIVE_SECONDS)

    assert play(story).broker.offsets == [1, 2, 3, 4]


def test_the_shutdown_writes_it() -> None:
    async def story(world: World) -> None:
        await world.stored(1)
        world.broker.acknowledge(0)
        await world.sensors.drained()

    assert play(story).store.written == [Cursor(1)]
