"""Facts that a broker's topics report: added by message, read by site, begun from the status that another wrote."""

from datetime import UTC, datetime
from typing import Any

import pytest

from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.cache.resource import CachedSite
from edge_operator.control.site_broker.drops import REPORT_SECONDS
from edge_operator.control.site_broker.site_topics import SiteTopics
from edge_operator.status.dropped_messages import DroppedMessages
from edge_operator.status.facts import TopicFacts
from edge_operator.telemetry.metrics import Metrics
from edge_wire import topic_table
from edge_wire.messages import BrokerBoot, ComponentStatus, DataLost, MalformedError, StorageReport
from tests.edge_operator.control.samples import SITE, message, site

NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)
LOSS = DataLost("the file ends within a chunk", NOW)
BOOT = topic_table.BROKER_BOOT.pattern
DATA_LOST = {"conditions": [{"type": "BrokerDataLost", "status": "True"}]}
DROPPING = {"conditions": [{"type": "BrokerDropping", "status": "True"}]}
NOTHING = TopicFacts()


class World:
    """The topics of one site."""

    def __init__(self) -> None:
        self.enqueued: list[ResourceKey] = []
        self.topics = SiteTopics(Metrics(), self.enqueued.append, lambda: 100.0, lambda: NOW)

    def receive(self, topic: str, payload: bytes) -> str:
        return self.topics.on_message(SITE, message(topic, payload))

    def get(self, status: dict[str, Any] | None = None, **spec: Any) -> TopicFacts:
        return self.topics.get(CachedSite({**site(**spec).body, "status": status or {}}))


def test_dropped_messages_are_a_fact_of_the_site() -> None:
    world = World()
    assert world.get() == NOTHING
    dropped = topic_table.BROKER_DROPPED.pattern
    assert [world.receive(dropped, total) for total in (b"0", b"3")] == ["dropped", "dropped"]
    facts = TopicFacts(dropping_seconds=REPORT_SECONDS, dropped=DroppedMessages(3, NOW, NOW))
    assert (world.get(), world.enqueued) == (facts, [SITE])


def test_lost_data_is_a_fact_until_the_broker_reports_it_no_more() -> None:
    world = World()
    assert world.receive(BOOT, BrokerBoot("b1", LOSS).encode()) == "boot"
    assert (world.get(), world.enqueued) == (TopicFacts(data_lost=LOSS), [SITE])
    world.receive(BOOT, BrokerBoot("b2", LOSS).encode())
    assert (world.get(), len(world.enqueued)) == (TopicFacts(data_lost=LOSS), 1), "the same loss, of another start"
    world.receive(BOOT, BrokerBoot("b2").encode())
    assert (world.get(DATA_LOST), len(world.enqueued)) == (NOTHING, 2)


def test_lost_data_in_the_status_stays_until_the_first_report() -> None:
    world = World()
    assert world.get(DATA_LOST) == TopicFacts(keeps_data_lost=True)
    world.receive(BOOT, b"")
    assert world.get(DATA_LOST) == TopicFacts(keeps_data_lost=True), "a cleared message is not a report"
    world.receive(BOOT, b"boot-1")
    assert (world.get(DATA_LOST), world.enqueued) == (NOTHING, [SITE])
    assert world.get(DATA_LOST, broker={"type": "External"}) == NOTHING


def test_message_of_another_topic_is_none_of_its() -> None:
    world = World()
    with pytest.raises(ValueError, match="is not one of"):
        world.receive(topic_table.BROKER_UPTIME.pattern, b"42 seconds")
    assert (world.get(), world.enqueued) == (NOTHING, [])


def test_malformed_message_changes_nothing() -> None:
    world = World()
    with pytest.raises(MalformedError):
        world.receive(topic_table.BROKER_DROPPED.pattern, b"many")
    assert world.get() == NOTHING


def test_facts_begin_with_those_in_the_status() -> None:
    assert World().get(DROPPING) == TopicFacts(dropping_seconds=REPORT_SECONDS), "an older release writes no figures"
    dropped = DroppedMessages(52_892, NOW, NOW)
    status = {"conditions": [DROPPING["conditions"][0] | {"message": f"{dropped.text()}: why"}]}
    assert World().get(status) == TopicFacts(dropping_seconds=REPORT_SECONDS, dropped=dropped)


def report(component: str = "processor", **storage: Any) -> bytes:
    return ComponentStatus(component, "online", extra={"storage": StorageReport(**storage).to_object()}).encode()


def test_report_of_the_store_is_a_fact_and_enqueues_the_site_when_it_differs() -> None:
    world, topic = World(), topic_table.COMPONENT_STATUS.of("processor")
    for used_bytes in (1, 1, 2):
        assert world.receive(topic, report(used_bytes=used_bytes)) == "component"
    assert world.get() == TopicFacts(storage=StorageReport(used_bytes=2))
    assert world.enqueued == [SITE, SITE]
    assert world.get(broker={"type": "External"}) == TopicFacts(storage=StorageReport(used_bytes=2))


def test_status_without_a_report_changes_nothing() -> None:
    world, topic = World(), topic_table.COMPONENT_STATUS.of("processor")
    world.receive(topic, report(problem="disk full"))
    world.receive(topic, ComponentStatus("processor", "offline").encode())
    world.receive(topic, report("gateway"))
    assert world.get() == TopicFacts(storage=StorageReport(problem="disk full"))


def test_malformed_report_changes_nothing() -> None:
    world, topic = World(), topic_table.COMPONENT_STATUS.of("processor")
    malformed: list[Any] = [
        [],
        {},
        {"used_bytes": -1, "dropped_readings": 0},
        {"used_bytes": 1, "dropped_readings": "1"},
    ]
    for storage in malformed:
        with pytest.raises(MalformedError):
            world.receive(topic, ComponentStatus("processor", "online", extra={"storage": storage}).encode())
    assert (world.get(), world.enqueued) == (NOTHING, [])


def test_external_broker_removes_the_facts_of_the_managed_one_only() -> None:
    world = World()
    for total in (b"0", b"3"):
        world.receive(topic_table.BROKER_DROPPED.pattern, total)
    world.receive(topic_table.COMPONENT_STATUS.of("processor"), report(used_bytes=1))
    world.topics.remove_broker(SITE)
    assert world.get() == TopicFacts(storage=StorageReport(used_bytes=1))


def test_broker_of_the_user_reports_nothing() -> None:
    assert World().get(DROPPING, broker={"type": "External"}) == NOTHING


@pytest.mark.parametrize("end", [lambda world: world.topics.remove(SITE), lambda world: world.topics.clear()])
def test_facts_end_with_the_site_and_with_the_leadership(end: Any) -> None:
    world = World()
    for total in (b"0", b"3"):
        world.receive(topic_table.BROKER_DROPPED.pattern, total)
    world.receive(BOOT, BrokerBoot("b1", LOSS).encode())
    end(world)
    assert world.get() == NOTHING
