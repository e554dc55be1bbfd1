"""Retained messages of deleted devices: cleared once no device owns them, and only on our own broker."""

from typing import Any, cast

import pytest

from edge_operator.broker.sessions import BrokerSessions
from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.cache.resource import CachedSite
from edge_operator.control.cache.resource_cache import DeviceCache, SiteCache
from edge_operator.control.site_broker.retained_cleanup import RetainedCleanup
from edge_operator.telemetry.metrics import Metrics
from tests.edge_operator.control.samples import SITE, Time, device, message, site

HALL: ResourceKey = ("factory", "hall")
GHOST = message("devices/ghost/status", b"online", retain=True)
LATER = message("devices/ghost/status", b"offline", retain=True)
CLEARED = (SITE, "devices/ghost/status", b"", True)


class World:
    """Two sites, and what was sent to their brokers."""

    def __init__(self, **spec: Any) -> None:
        self.time, self.metrics = Time(), Metrics()
        self.sent: list[tuple[ResourceKey, str, bytes, bool]] = []
        self.devices = DeviceCache(lambda *_: None)
        sites = SiteCache(lambda *_: None)
        hall = site(uid="site-2").body
        for body in (site(**spec).body, CachedSite({**hall, "metadata": hall["metadata"] | {"name": "hall"}}).body):
            sites.put(body)
        sessions = cast("BrokerSessions", self)
        self.cleanup = RetainedCleanup(sessions, sites, self.devices, self.metrics, self.time.clocks.steady)

    def send(self, site: ResourceKey, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Take what would go to a broker."""
        self.sent.append((site, topic, payload, retain))

    def swept(self, seconds: float = 0.0) -> list[tuple[ResourceKey, str, bytes, bool]]:
        """Return what is sent after so many seconds."""
        self.time.at += seconds
        self.cleanup.sweep()
        sent, self.sent = self.sent, []
        return sent


def test_unknown_device_has_ten_seconds_to_be_created() -> None:
    world = World()
    world.cleanup.on_unknown_device(SITE, "ghost", GHOST)
    assert world.swept(9.9) == []
    world.cleanup.on_unknown_device(SITE, "ghost", LATER)
    assert world.swept(0.1) == [CLEARED], "since it was heard first"
    assert world.swept(100.0) == [], "once"
    assert world.metrics.registry.get_sample_value("edge_broker_leftovers_cleared_total") == 1
    assert world.cleanup.take_pending(SITE, "ghost") is None
    assert world.swept(100.0) == []


def test_device_that_is_created_in_time_gets_its_last_status_and_is_not_cleared() -> None:
    world = World()
    world.cleanup.on_unknown_device(SITE, "ghost", GHOST)
    world.cleanup.on_unknown_device(SITE, "ghost", LATER)
    assert world.cleanup.take_pending(SITE, "ghost") is LATER
    assert world.cleanup.take_pending(SITE, "ghost") is None
    assert world.swept(100.0) == []


def test_device_that_was_deleted_is_cleared_at_once() -> None:
    world = World()
    world.cleanup.on_unknown_device(SITE, "ghost", GHOST)
    world.cleanup.on_device_deleted(SITE, "ghost")
    assert world.cleanup.take_pending(SITE, "other") is None
    assert world.swept() == [CLEARED]


def test_a_status_of_a_deleted_device_is_not_one_of_the_next() -> None:
    world = World()
    world.cleanup.on_unknown_device(SITE, "ghost", GHOST)
    world.cleanup.on_device_deleted(SITE, "ghost")
    assert world.cleanup.take_pending(SITE, "ghost") is None


def test_device_that_is_there_again_is_left_alone() -> None:
    world = World()
    world.cleanup.on_device_deleted(SITE, "ghost")
    world.devices.put(device("ghost").body)
    assert world.swept() == []
    assert world.metrics.registry.get_sample_value("edge_broker_leftovers_cleared_total") == 0


@pytest.mark.parametrize(
    ("spec", "key"),
    [({"broker": {"type": "External"}}, SITE), ({}, ("factory", "none"))],
    ids=["a broker of the user's", "a site that is gone"],
)
def test_what_is_not_ours_is_left_alone(spec: dict[str, Any], key: ResourceKey) -> None:
    world = World(**spec)
    world.cleanup.on_device_deleted(key, "ghost")
    assert world.swept() == []


def test_loss_of_a_broker_drops_what_it_sent_and_nothing_of_another() -> None:
    world = World()
    for key in (SITE, HALL):
        world.cleanup.on_unknown_device(key, "ghost", GHOST)
    world.cleanup.on_disconnected(SITE)
    assert world.swept(10.0) == [(HALL, *CLEARED[1:])]
    assert world.cleanup.take_pending(SITE, "ghost") is None


def test_who_does_not_lead_any_more_forgets_everything() -> None:
    world = World()
    world.cleanup.on_unknown_device(SITE, "ghost", GHOST)
    world.cleanup.clear()
    assert world.swept(100.0) == []
    assert world.cleanup.take_pending(SITE, "ghost") is None
