"""What brokers have dropped, as a story with a fake clock."""

from datetime import UTC, datetime, timedelta

import pytest

from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.site_broker.drops import REPORT_SECONDS, SHOW_SECONDS, BrokerDrops
from edge_operator.status.dropped_messages import DroppedMessages
from edge_operator.telemetry.metrics import Metrics

SITE: ResourceKey = ("factory", "plant")
BEGIN = datetime(2026, 11, 30, 12, tzinfo=UTC)


class World:
    """One site's broker."""

    def __init__(self) -> None:
        self.at = 100.0
        self.looked: list[ResourceKey] = []
        self.metrics = Metrics()
        self.drops = BrokerDrops(self.metrics, self.looked.append, lambda: self.at, self.wall)

    def wall(self) -> datetime:
        return BEGIN + timedelta(seconds=self.at - 100.0)

    def heard(self, total: int) -> None:
        self.drops.record(SITE, total)

    def counted(self) -> float | None:
        labels = {"namespace": SITE[0], "site": SITE[1]}
        return self.metrics.registry.get_sample_value("edge_broker_messages_dropped_total", labels)


def test_what_was_dropped_before_we_knew_the_broker_is_no_news() -> None:
    world = World()
    world.heard(700)
    world.heard(700)
    assert (world.counted(), world.drops.remaining(SITE), world.looked) == (None, 0, [])


def test_drops_are_counted_and_reported_for_a_while_after_the_last() -> None:
    world = World()
    world.heard(0)
    world.heard(30)
    assert (world.counted(), world.drops.remaining(SITE), world.looked) == (30, REPORT_SECONDS, [SITE])
    world.at += REPORT_SECONDS - 1
    world.heard(35)
    assert (world.counted(), world.drops.remaining(SITE), world.looked) == (35, REPORT_SECONDS, [SITE])
    world.at += REPORT_SECONDS
    assert world.drops.remaining(SITE) == 0
    world.heard(36)
    assert world.looked == [SITE, SITE], "told anew"


def test_drops_are_logged_when_they_begin(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    for total in (0, 30, 35):
        world.heard(total)
    assert caplog.messages == ["EdgeSite factory/plant: the broker drops messages: a client's queue is full"]


def test_first_drop_is_reported_even_as_the_clock_begins() -> None:
    world = World()
    world.at = 0.0
    for total in (0, 1):
        world.heard(total)
    assert world.looked == [SITE]


def test_restarted_broker_counts_from_zero() -> None:
    world = World()
    world.heard(50)
    world.heard(4)
    assert world.counted() == 4
    world.heard(0)
    world.heard(0)
    assert world.counted() == 4


def test_deleted_site_is_removed() -> None:
    world = World()
    world.heard(0)
    world.heard(1)
    for _ in range(2):
        world.drops.remove(SITE)
    assert (world.counted(), world.drops.remaining(SITE)) == (None, 0)
    world.heard(9)
    assert world.counted() is None, "another site of that name, and its broker's first word"


def test_a_new_leader_goes_on_reporting() -> None:
    world = World()
    world.drops.restore(SITE, "")
    assert world.drops.remaining(SITE) == REPORT_SECONDS
    world.heard(400)
    world.at += 1
    world.drops.restore(SITE, "")
    assert (world.counted(), world.drops.remaining(SITE)) == (None, REPORT_SECONDS - 1)


def after(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def test_condition_shows_how_many_and_when_at_most_once_a_minute() -> None:
    world = World()
    for total in (0, 30):
        world.heard(total)
    assert world.drops.get(SITE) == (DroppedMessages(30, BEGIN, BEGIN), 0.0)
    for total in (40, 52_892):
        world.at += 10
        world.heard(total)
    assert world.looked == [SITE, SITE], "once for the first, once for those that wait to be shown"
    assert world.drops.get(SITE) == (DroppedMessages(30, BEGIN, BEGIN), SHOW_SECONDS - 20)
    world.at += SHOW_SECONDS - 20
    assert world.drops.get(SITE) == (DroppedMessages(52_892, BEGIN, after(20)), 0.0)
    world.at += REPORT_SECONDS
    assert world.drops.get(SITE) == (None, 0.0)
    world.heard(52_893)
    again = after(20 + SHOW_SECONDS - 20 + REPORT_SECONDS)
    assert world.drops.get(SITE) == (DroppedMessages(1, again, again), 0.0), "another condition counts from its begin"


def test_a_new_leader_goes_on_counting() -> None:
    world = World()
    world.drops.restore(SITE, DroppedMessages(30, BEGIN, after(5)).text())
    assert world.drops.get(SITE) == (DroppedMessages(30, BEGIN, after(5)), 0.0)
    world.at += 9
    for total in (400, 402):
        world.heard(total)
    assert world.drops.get(SITE) == (DroppedMessages(32, BEGIN, after(9)), 0.0)


def test_what_was_dropped_while_another_listened_is_no_news() -> None:
    world = World()
    world.heard(0)
    world.drops.clear()
    world.heard(400)
    assert (world.counted(), world.drops.remaining(SITE)) == (None, 0)
