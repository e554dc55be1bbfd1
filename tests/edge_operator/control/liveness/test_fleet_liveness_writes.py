"""Effects of a change of a site or a device, and of time: what is published, and what is written."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.edge_operator.control.fleet_world import RecordedWorld, World
from tests.edge_operator.control.samples import SITE, device, message, site

PUMP = (SITE[0], "pump")


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> RecordedWorld:
    return RecordedWorld(monkeypatch)


def told(world: World, **status: Any) -> dict[str, Any]:
    """Return the status of the pump as it should be, but for `status`."""
    life = world.lives.index.refresh(PUMP)
    assert life is not None
    connectivity = {"reason": life.reason, "sinceTime": life.since}
    return {"phase": life.phase, "connectivity": connectivity, "conditions": [connected()], **status}


def connected(**edit: str) -> dict[str, str]:
    """Return the condition of the pump that sends messages, but for `edit`."""
    return {"type": "Connected", "status": "True", "reason": "HeartbeatReceived", **edit}


EDITS: dict[str, tuple[Callable[[World], dict[str, Any]], bool]] = {
    "as it should be": (told, False),
    "another phase": (lambda world: told(world, phase="Offline"), True),
    "another reason": (lambda world: told(world, connectivity={"reason": "LastWill", "sinceTime": "x"}), True),
    "another status of the condition": (lambda world: told(world, conditions=[connected(status="False")]), True),
    "another reason of the condition": (lambda world: told(world, conditions=[connected(reason="LastWill")]), True),
    "no condition": (lambda world: told(world, conditions=[]), True),
    "a condition of others": (lambda world: told(world, conditions=[connected(), {"type": "Other"}]), False),
    "nothing of its life": (lambda _: {}, True),
    "another firmware": (lambda world: told(world, reported={"firmware": "9"}), False),
}


@pytest.mark.parametrize(("edit", "written"), EDITS.values(), ids=EDITS)
async def test_status_that_somebody_has_edited_is_corrected_if_it_differs(
    world: RecordedWorld, edit: Callable[[World], dict[str, Any]], *, written: bool
) -> None:
    world.receive(b"online")
    world.lives.tick()
    world.recorded.clear()
    world.informers.devices.put(device(version=2, status=told(world)).body)
    assert world.calls("writer.changed") == [], "what was written comes back"
    world.informers.devices.put(device(version=3, status=edit(world)).body)
    assert world.calls("writer.changed") == ([(PUMP,)] if written else [])


async def test_what_is_on_its_way_already_is_not_asked_for_again(world: RecordedWorld) -> None:
    world.receive(b"online")
    world.lives.tick()
    assert world.calls("writer.changed") == [(PUMP,)]
    world.informers.devices.put(device(version=2, displayName="Pump 1").body)
    world.lives.tick()
    assert world.calls("writer.changed") == []


async def test_nothing_is_written_of_a_device_before_its_first_reconcile(world: RecordedWorld) -> None:
    fan = device("fan").body
    world.recorded.clear()
    world.informers.devices.put({**fan, "status": {}})
    assert world.calls("writer.changed") == []
    world.informers.devices.put({**fan, "metadata": {**fan["metadata"], "resourceVersion": "2"}})
    assert world.calls("writer.changed") == [((SITE[0], "fan"),)]


def counted(world: World, reason: str) -> float | None:
    return world.metrics.registry.get_sample_value("edge_device_transitions_total", {"reason": reason})


async def test_transitions_are_counted_but_not_the_first_word(world: RecordedWorld) -> None:
    assert counted(world, "NotYetSeen") is None
    world.receive(b"online")
    world.lives.tick()
    world.lives.schedule_write(PUMP)
    assert counted(world, "HeartbeatReceived") == 1


async def test_change_of_a_status_alone_is_none_of_a_site_or_of_an_identity(world: RecordedWorld) -> None:
    world.informers.devices.put(device(version=2, status={"reported": {"firmware": "1"}}).body)
    assert world.calls("rosters.on_device_changed") == []
    world.informers.devices.put(device(version=3, status={"phase": "Online"}).body)
    assert world.calls("rosters.on_device_changed") == [(PUMP,)], "the gateways start from it"
    world.lives.site_changed(site(), site())
    world.lives.site_changed(None, None)
    world.lives.device_changed(None, None)
    assert world.calls("rosters.on_device_changed") == []


async def test_changed_site_publishes_its_roster_and_requeues_its_devices(world: RecordedWorld) -> None:
    world.informers.sites.put(site(2, devices={"offlineAfter": "1h"}).body)
    assert world.calls("rosters.on_device_changed") == [(PUMP,)]
    world.informers.sites.put(site(3, location="x").body)
    assert world.calls("events.remove") == []


async def test_site_that_goes_is_forgotten_and_its_devices_are_pending(world: RecordedWorld) -> None:
    world.informers.sites.delete(SITE)
    asked = list(world.recorded)
    assert ("events.remove", SITE) in asked
    assert ("writer.changed", PUMP) in asked
    assert world.lives.index.site(SITE) is None
    life = world.lives.index.last_reported(PUMP)
    assert life is not None
    assert life.phase == "Pending"
    world.lives.tick()
    assert world.calls("enqueue") == []


async def test_device_that_goes_is_forgotten_and_cleared_from_the_broker(world: RecordedWorld) -> None:
    world.informers.devices.delete(PUMP)
    asked = list(world.recorded)
    assert ("writer.remove", PUMP) in asked
    assert ("rosters.on_device_changed", PUMP) in asked
    assert ("cleanup.on_device_deleted", SITE, "pump") in asked
    assert world.lives.index.last_reported(PUMP) is None


async def test_younger_device_is_published_when_it_gets_the_identifier(world: RecordedWorld) -> None:
    twin = device("twin", deviceId="pump", created="2026-12-01T00:00:00Z")
    world.informers.devices.put(twin.body)
    assert ("cleanup.on_device_deleted", SITE, "pump") not in world.recorded
    world.recorded.clear()
    world.informers.devices.delete(PUMP)
    assert ("cleanup.on_device_deleted", SITE, "pump") not in world.recorded
    assert world.calls("writer.changed") == [(twin.key,)]


@pytest.mark.parametrize(("payload", "phase"), [(b"online", "Online"), (b"\xff", "Online")], ids=["good", "spoilt"])
async def test_word_from_before_a_device_was_known_is_taken(world: RecordedWorld, payload: bytes, phase: str) -> None:
    world.cleanup.on_unknown_device(SITE, "fan", message("devices/fan/status", payload))
    world.informers.devices.put(device("fan").body)
    life = world.lives.index.refresh((SITE[0], "fan"))
    assert life is not None
    assert life.phase == phase


async def test_message_of_a_device_without_its_site_ends_nothing(world: RecordedWorld) -> None:
    world.cleanup.on_unknown_device((SITE[0], "none"), "fan", message("devices/fan/status", b"online"))
    world.informers.devices.put(device("fan", siteRef={"name": "none"}).body)
    life = world.lives.index.refresh((SITE[0], "fan"))
    assert life is not None
    assert life.phase == "Pending"
