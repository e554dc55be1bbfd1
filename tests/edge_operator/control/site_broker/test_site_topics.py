"""Facts that a broker's topics report: added by message, read by site, begun from the status that another wrote."""

from typing import Any

import pytest

from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.cache.resource import CachedSite
from edge_operator.control.site_broker.drops import REPORT_SECONDS
from edge_operator.control.site_broker.site_topics import SiteTopics
from edge_operator.status.facts import TopicFacts
from edge_operator.telemetry.metrics import Metrics
from edge_wire import topic_table
from edge_wire.messages import MalformedError
from tests.edge_operator.control.samples import SITE, message, site

DROPPING = {"conditions": [{"type": "BrokerDropping", "status": "True"}]}
NOTHING = TopicFacts()


class World:
    """The topics of one site."""

    def __init__(self) -> None:
        self.enqueued: list[ResourceKey] = []
        self.topics = SiteTopics(Metrics(), self.enqueued.append, lambda: 100.0)

    def receive(self, topic: str, payload: bytes) -> str:
        return self.topics.on_message(SITE, message(topic, payload))

    def get(self, status: dict[str, Any] | None = None, **spec: Any) -> TopicFacts:
        return self.topics.get(CachedSite({**site(**spec).body, "status": status or {}}))


def test_dropped_messages_are_a_fact_of_the_site() -> None:
    world = World()
    assert world.get() == NOTHING
    dropped = topic_table.BROKER_DROPPED.pattern
    assert [world.receive(dropped, total) for total in (b"0", b"3")] == ["dropped", "dropped"]
    assert (world.get(), world.enqueued) == (TopicFacts(dropping_seconds=REPORT_SECONDS), [SITE])


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
    assert World().get(DROPPING) == TopicFacts(dropping_seconds=REPORT_SECONDS)


def test_broker_of_the_user_reports_nothing() -> None:
    assert World().get(DROPPING, broker={"type": "External"}) == NOTHING


@pytest.mark.parametrize("end", [lambda world: world.topics.remove(SITE), lambda world: world.topics.clear()])
def test_facts_end_with_the_site_and_with_the_leadership(end: Any) -> None:
    world = World()
    for total in (b"0", b"3"):
        world.receive(topic_table.BROKER_DROPPED.pattern, total)
    end(world)
    assert world.get() == NOTHING
