"""What brokers have dropped, as a story with a fake clock."""

import pytest

from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.site_broker.drops import REPORT_SECONDS, BrokerDrops
from edge_operator.telemetry.metrics import Metrics

SITE: ResourceKey = ("factory", "plant")


class World:
    """One site's broker."""

    def __init__(self) -> None:
        self.at = 100.0
        self.looked: list[ResourceKey] = []
        self.metrics = Metrics()
        self.drops = BrokerDrops(self.metrics, self.looked.append, lambda: self.at)

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
    world.drops.restore(SITE)
    assert world.drops.remaining(SITE) == REPORT_SECONDS
    world.heard(400)
    world.at += 1
    world.drops.restore(SITE)
    assert (world.counted(), world.drops.remaining(SITE)) == (None, REPORT_SECONDS - 1)


def test_what_was_dropped_while_another_listened_is_no_news() -> None:
    world = World()
    world.heard(0)
    world.drops.clear()
    world.heard(400)
    assert (world.counted(), world.drops.remaining(SITE)) == (None, 0)
