"""Effects of time: which counts are requested, and which Events are written."""

import pytest

from tests.edge_operator.control.fleet_world import RecordedWorld
from tests.edge_operator.control.samples import SITE, device, site

PUMP = (SITE[0], "pump")
WILL = b'{"status": "offline", "reason": "LastWill"}'


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> RecordedWorld:
    return RecordedWorld(monkeypatch)


async def test_counts_are_asked_for_where_they_have_moved(world: RecordedWorld) -> None:
    world.lives.tick()
    assert world.calls("enqueue") == [(SITE, 0.0)], "a device has come"
    world.lives.tick()
    assert world.calls("enqueue") == []
    world.receive(b"online")
    world.lives.tick()
    assert world.calls("enqueue") == [(SITE, 25.0)], "thirty seconds after the last"


async def test_counts_that_stand_in_the_status_are_not_asked_for(world: RecordedWorld) -> None:
    devices = {"total": 1, "online": 0, "offline": 0, "unknown": 1}
    body = site(2).body
    world.informers.sites.put({**body, "status": {"devices": devices}})
    world.lives.tick()
    assert world.calls("enqueue") == []


async def test_devices_that_are_lost_at_once_are_one_event_of_the_site(world: RecordedWorld) -> None:
    names = [f"d{number}" for number in range(6)]
    for name in names:
        world.informers.devices.put(device(name).body)
        world.receive(b"online", name, after=0.0)
    world.lives.tick()
    assert sorted(key for key, _ in world.calls("transition")) == [(SITE[0], name) for name in names]
    for name in names:
        world.receive(WILL, name, after=0.1)
    world.time.at += 31.0
    world.lives.tick()
    asked = [each for each in world.recorded if each[0] in {"transition", "mass disconnect"}]
    assert [(name, where.key, count) for name, where, count in asked] == [("mass disconnect", SITE, 6)]


def transitions(world: RecordedWorld) -> list[tuple[str, str]]:
    world.lives.tick()
    return [(event.reason, event.note) for _, event in world.calls("transition")]


async def test_event_for_a_device_that_is_lost_or_there_again_and_for_nothing_else(world: RecordedWorld) -> None:
    world.receive(b"online")
    assert transitions(world) == [("HeartbeatReceived", "Online: the device sends messages")]
    world.receive(b'{"status": "offline", "reason": "Disconnected"}')
    assert transitions(world) == [("Disconnected", "Offline: the device disconnected in good order")]
    world.receive(b"online")
    assert transitions(world) == [("HeartbeatReceived", "Online: the device sends messages")]
    world.life.on_disconnected()
    world.time.at += 31.0
    assert transitions(world) == [], "the broker is away: that is the site's to tell"
    world.life.on_connected()
    world.receive(b"online")
    assert transitions(world) == [], "it was not lost"


async def test_turn_that_another_has_overtaken_is_no_event(world: RecordedWorld) -> None:
    world.receive(b"online")
    world.lives.tick()
    world.recorded.clear()
    world.receive(b'{"status": "offline", "reason": "Disconnected"}')
    world.receive(b"online")
    assert transitions(world) == [("HeartbeatReceived", "Online: the device sends messages")]


async def test_device_that_is_disabled_while_it_is_lost_is_no_event(world: RecordedWorld) -> None:
    world.receive(b"online")
    world.receive(b'{"status": "offline", "reason": "Disconnected"}')
    assert len(transitions(world)) == 1
    body = device(version=2, disabled=True).body
    world.informers.devices.put({**body, "metadata": {**body["metadata"], "generation": 2}})
    assert transitions(world) == []


async def test_counts_are_requested_after_a_device_was_deleted(world: RecordedWorld) -> None:
    world.lives.tick()
    world.time.at += 60.0
    world.recorded.clear()
    world.informers.devices.delete(PUMP)
    world.lives.tick()
    assert (SITE, 0.0) in world.calls("enqueue")


async def test_recreated_site_does_not_wait_for_the_counts_of_the_former(world: RecordedWorld) -> None:
    world.lives.tick()
    world.informers.sites.delete(SITE)
    world.informers.sites.put(site(uid="site-2").body)
    world.recorded.clear()
    world.informers.devices.put(device("fan").body)
    world.lives.tick()
    assert (SITE, 0.0) in world.calls("enqueue")
