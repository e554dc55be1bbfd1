"""What happens with the messages of a read, by topic, QoS and RETAIN."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from edge_processor import reception
from edge_processor.activity import ActivityPublisher
from edge_processor.batcher import FULL_BATCHES, Batcher
from edge_processor.command_acks import CommandAcks
from edge_processor.metrics import ProcessorMetrics
from edge_processor.reception import Reception
from edge_processor.session import IngestSession
from edge_service.address import BrokerAddress
from edge_service.mqtt import MqttOptions
from edge_service.store import StoreClient
from edge_wire import topics
from tests.edge_processor.messages import Acknowledged

QOS_1, RETAINED = 0x32, 0x33


class Activity(ActivityPublisher):
    """What the reception reports to the activity publisher."""

    def __init__(self, metrics: ProcessorMetrics) -> None:
        session = IngestSession(MqttOptions(BrokerAddress("127.0.0.1", 1), "edge-processor"))
        super().__init__(session, StoreClient("http://127.0.0.1:1"), metrics, lambda: True)

    @property
    def arrivals(self) -> set[str]:
        return {*self._arrivals}

    @property
    def is_asked(self) -> bool:
        return self._asked.is_set()


class World:
    def __init__(self, prefix: str = "") -> None:
        self.figures, self.connection, self.batcher = CollectorRegistry(), Acknowledged(), Batcher(2, 1000)
        metrics = ProcessorMetrics(self.figures)
        self.activity = Activity(metrics)
        self.acks = CommandAcks(StoreClient("http://127.0.0.1:1"), metrics)
        self.reception = Reception(prefix, self.batcher, self.acks, self.activity, metrics)

    def receive(self, *publishes: tuple[bytes, bytes, int, int]) -> None:
        self.reception.receive(publishes, self.connection)

    async def taken(self) -> list[tuple[str, bytes, int]]:
        return [each[:3] for each in self.batcher.take()]

    def count(self, name: str) -> float:
        return self.figures.get_sample_value(f"edge_processor_{name}_total") or 0.0


async def test_readings_wait_for_the_store_and_other_messages_are_acknowledged_at_once() -> None:
    world = World()
    world.receive(
        (b"devices/d1/data", b"a", QOS_1, 1),
        (topics.ACTIVITY_REQUEST.encode(), b"", QOS_1, 2),
        (topics.ACTIVITY_MARKER.encode(), b"m", QOS_1, 3),
        (b"devices/d2/data", b"b", QOS_1, 4),
    )
    assert world.connection.calls == [[2, 3]]
    assert world.activity.is_asked
    assert world.activity.arrivals == {"d1", "d2"}
    assert await world.taken() == [("d1", b"a", 1), ("d2", b"b", 4)]
    assert world.count("messages") == 2


async def test_a_retained_message_is_stored_and_proves_no_life() -> None:
    world = World()
    world.receive((b"devices/d1/data", b"a", RETAINED, 1))
    assert world.activity.arrivals == set()
    assert await world.taken() == [("d1", b"a", 1)]


@pytest.mark.parametrize(
    "topic", [b"devices/d1/other", b"devices/a b/data", b"\xff\xfe", b"devices//data", b"elsewhere/devices/d1/data"]
)
async def test_what_has_no_device_is_counted_and_acknowledged(topic: bytes) -> None:
    world = World()
    world.receive((topic, b"a", QOS_1, 1), (topic, b"a", 0x30, 0))
    assert world.connection.calls == [[1]]
    assert (world.count("unnamed"), len(world.batcher)) == (2, 0)


async def test_the_prefix_is_removed_and_required() -> None:
    world = World("ns/site/")
    world.receive((b"ns/site/devices/d1/data", b"a", QOS_1, 1), (b"devices/d1/data", b"b", QOS_1, 2))
    assert await world.taken() == [("d1", b"a", 1)]
    assert world.connection.calls == [[2]]
    assert world.count("unnamed") == 1


async def test_during_the_shutdown_nothing_more_is_taken_or_acknowledged() -> None:
    world = World()
    world.reception.draining = True
    world.receive((b"devices/d1/data", b"a", QOS_1, 1))
    assert (len(world.batcher), world.connection.calls) == (0, [[]])


async def test_qos_0_is_dropped_while_too_much_waits_and_qos_1_is_not() -> None:
    world = World()
    limit = 2 * FULL_BATCHES
    world.receive(*((b"devices/d1/data", b"a", 0x30, 0) for _ in range(limit + 5)))
    assert (len(world.batcher), world.count("qos0_dropped")) == (limit, 5)
    world.receive((b"devices/d1/data", b"a", QOS_1, 1))
    assert len(world.batcher) == limit + 1


@given(st.lists(st.binary(max_size=30), max_size=20))
def test_any_topic_is_handled(names: list[bytes]) -> None:
    async def acknowledged() -> list[int]:
        world = World()
        world.receive(*((name, b"x", QOS_1, number) for number, name in enumerate(names, 1)))
        return world.connection.calls[0]

    assert asyncio.run(acknowledged()) == [*range(1, len(names) + 1)]


async def test_topics_are_remembered_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reception, "MAX_ROUTES", 3)
    world = World()
    for number in range(20):
        world.receive((b"devices/d%d/data" % number, b"x", QOS_1, number + 1))
    assert len(world.batcher) == 20
    assert len(world.reception._routes) <= 3  # noqa: SLF001 - its memory is bounded


ACK = b'{"command_id":"c1","status":"ok"}'


async def test_an_acknowledgement_of_a_command_waits_for_the_store_and_one_that_is_none_does_not_wait() -> None:
    world = World()
    world.receive(
        (b"devices/d1/command/ack", ACK, QOS_1, 1),
        (b"devices/d2/command/ack", b"\xff", QOS_1, 2),
        (b"devices/d3/command/ack", ACK, RETAINED, 3),
    )
    assert world.connection.calls == [[2]]
    assert world.activity.arrivals == {"d1", "d2"}
    assert world.count("messages") == 0


async def test_the_next_ingester_gets_an_acknowledgement_that_arrives_at_the_end() -> None:
    world = World()
    world.reception.draining = True
    world.receive((b"devices/d1/command/ack", ACK, QOS_1, 1), (b"devices/d2/command/ack", b"\xff", QOS_1, 2))
    assert world.connection.calls == [[]]
