"""What follows from time: which figures are asked for, and which Events are told."""

import pytest

from edge_liveness import SiteEvent, SiteEventKind
from tests.edge_operator.control.lives import SITE, device, site
from tests.edge_operator.control.lives_world import Noted

PUMP = (SITE[0], "pump")
WILL = b'{"status": "offline", "reason": "LastWill"}'


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> Noted:
    return Noted(monkeypatch)


async def test_figures_are_asked_for_where_they_have_moved(world: Noted) -> None:
    world.lives.tick()
    assert world.said("look at") == [(SITE, 0.0)], "a device has come"
    world.lives.tick()
    assert world.said("look at") == []
    world.hear(b"online")
    world.lives.tick()
    assert world.said("look at") == [(SITE, 25.0)], "thirty seconds after the last"


async def test_figures_that_stand_in_the_status_are_not_asked_for(world: Noted) -> None:
    devices = {"total": 1, "online": 0, "offline": 0, "unknown": 1}
    body = site(2).body
    world.knowledge.sites.put({**body, "status": {"devices": devices}})
    world.lives.tick()
    assert world.said("look at") == []


async def test_devices_that_are_lost_at_once_are_one_event_of_the_site(world: Noted) -> None:
    names = [f"d{number}" for number in range(6)]
    for name in names:
        world.knowledge.devices.put(device(name).body)
        world.hear(b"online", name, after=0.0)
    world.lives.tick()
    assert sorted(key for key, _, _ in world.said("turned")) == [(SITE[0], name) for name in names]
    for name in names:
        world.hear(WILL, name, after=0.1)
    world.time.at += 31.0
    world.lives.tick()
    asked = [each for each in world.asked if each[0] in {"turned", "lost at once"}]
    assert [(name, where.key, count) for name, where, count in asked] == [("lost at once", SITE, 6)]


async def test_other_events_of_a_site_are_not_taken_for_it(world: Noted, monkeypatch: pytest.MonkeyPatch) -> None:
    event = SiteEvent(SiteEventKind.BROKER_RESTARTED, world.time.at, 6)
    monkeypatch.setattr(world.life, "tick", lambda: ([], [event]))
    world.lives.tick()
    assert world.said("lost at once") == []


def turned(world: Noted) -> list[tuple[str, str]]:
    world.lives.tick()
    return [(life.reason, text) for _, life, text in world.said("turned")]


async def test_event_for_a_device_that_is_lost_or_there_again_and_for_nothing_else(world: Noted) -> None:
    world.hear(b"online")
    assert turned(world) == [("HeartbeatReceived", "the device is heard")]
    world.hear(b'{"status": "offline", "reason": "Disconnected"}')
    assert turned(world) == [("Disconnected", "the device has signed off")]
    world.hear(b"online")
    assert turned(world) == [("HeartbeatReceived", "the device is heard")]
    world.life.disconnected()
    world.time.at += 31.0
    assert turned(world) == [], "the broker is away: that is the site's to tell"
    world.life.connected()
    world.hear(b"online")
    assert turned(world) == [], "it was not lost"


async def test_turn_that_another_has_overtaken_is_no_event(world: Noted) -> None:
    world.hear(b"online")
    world.lives.tick()
    world.asked.clear()
    world.hear(b'{"status": "offline", "reason": "Disconnected"}')
    world.hear(b"online")
    assert turned(world) == [("HeartbeatReceived", "the device is heard")]


async def test_device_that_is_disabled_while_it_is_lost_is_no_event(world: Noted) -> None:
    world.hear(b"online")
    world.hear(b'{"status": "offline", "reason": "Disconnected"}')
    assert len(turned(world)) == 1
    body = device(version=2, disabled=True).body
    world.knowledge.devices.put({**body, "metadata": {**body["metadata"], "generation": 2}})
    assert turned(world) == []


async def test_figures_are_asked_for_where_a_device_has_gone(world: Noted) -> None:
    world.lives.tick()
    world.time.at += 60.0
    world.asked.clear()
    world.knowledge.devices.drop(PUMP)
    world.lives.tick()
    assert (SITE, 0.0) in world.said("look at")


async def test_site_that_is_made_anew_does_not_wait_for_the_figures_of_the_former(world: Noted) -> None:
    world.lives.tick()
    world.knowledge.sites.drop(SITE)
    world.knowledge.sites.put(site(uid="site-2").body)
    world.asked.clear()
    world.knowledge.devices.put(device("fan").body)
    world.lives.tick()
    assert (SITE, 0.0) in world.said("look at")
