"""A status that cannot be read: the condition, its one Event, and how often it is written."""

from typing import Any

import pytest

from edge_liveness import Write, WriteKind
from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.status.connectivity import Connectivity, connectivity_update
from edge_operator.status.status_fault import REASONS, fault_condition, stored_fault
from edge_wire.messages import StatusFault
from tests.edge_operator.control.fleet_world import World
from tests.edge_operator.control.samples import NAMESPACE, device
from tests.edge_wire.messages.statuses import WORDS

KEY = (NAMESPACE, "pump")
NOW = "2026-11-25T12:00:00Z"


def render(world: World, kind: WriteKind = WriteKind.TRANSITION) -> dict[str, Any] | None:
    """Return the status that is written now, and store it as the answer of the API server."""
    found = world.informers.devices.get(KEY)
    assert found is not None
    write: Write[ResourceKey] = Write(KEY, kind, 0.0)
    status = world.lives.render_status(found, write, NOW)
    if status is None:
        return None
    kept = [each for each in found.status["conditions"] if each["type"] == "CredentialsReady"]
    body = {**found.status, **status, "conditions": [*kept, *status["conditions"]]}
    world.informers.devices.put(device(version=int(found.metadata["resourceVersion"]) + 1, status=body).body)
    return dict(status)


def fault(status: dict[str, Any] | None) -> Any:
    """Return the reason of the condition StatusUnreadable in a status; None if it has none."""
    assert status is not None
    return next((each["reason"] for each in status["conditions"] if each["type"] == "StatusUnreadable"), None)


async def test_condition_and_event_come_once_and_the_device_is_online() -> None:
    world = World()
    world.receive(b"online")
    assert await world.reasons() == ["HeartbeatReceived"]
    world.receive(b"\xff")
    assert await world.reasons() == ["StatusUnreadable"]
    status = render(world)
    assert status is not None
    assert (status["phase"], fault(status)) == ("Online", "EncodingInvalid")
    for payload in (b"[]", b"{", b"online", b"\xff"):
        world.receive(payload, after=1.0)
        assert await world.reasons() == []
        assert render(world) is None, "nothing more to write, whatever is wrong with the next one"


async def test_condition_is_removed_by_a_readable_status_after_five_minutes() -> None:
    world = World()
    world.receive(b"\xff")
    await world.reasons()
    render(world)
    world.receive(b"online")
    assert render(world) is None
    world.time.at += 290.0
    await world.reasons()
    assert render(world) is None
    world.time.at += 6.0
    assert await world.reasons() == []
    assert fault(render(world)) is None
    assert render(world) is None


async def test_new_leader_takes_it_over_without_another_event() -> None:
    world = World()
    value = fault_condition(StatusFault("json", "the payload is not JSON"))
    life = Connectivity("Online", "HeartbeatReceived", NOW, NOW, fault=StatusFault("json", "the payload is not JSON"))
    status = connectivity_update(life, {}, 1, NOW)
    assert status is not None
    assert stored_fault(status) == StatusFault("json", "the payload is not JSON")
    assert connectivity_update(life, status, 1, NOW) is None
    world.informers.devices.delete(KEY)
    world.informers.devices.put(device(uid="new", version=9, status=status).body)
    assert world.life.known("pump").fault == StatusFault("json", "the payload is not JSON")  # type: ignore[union-attr]
    world.receive(b"[]")
    assert "StatusUnreadable" not in await world.reasons()
    assert value.message.startswith("the payload is not JSON. ")


@pytest.mark.parametrize("reason", sorted({each.fault for each in WORDS if each.fault}))
def test_every_reason_of_a_fault_is_one_of_the_condition(reason: str) -> None:
    assert fault_condition(StatusFault(reason, "x")).reason == REASONS[reason]


async def test_own_word_is_reported_with_the_next_refresh() -> None:
    world = World()
    world.receive(b"online")
    await world.reasons()
    render(world)
    world.receive(b"Standby", after=10.0)
    await world.reasons()
    assert render(world) is None
    status = render(world, WriteKind.REFRESH)
    assert status is not None
    assert status["reported"] == {"status": "Standby"}
