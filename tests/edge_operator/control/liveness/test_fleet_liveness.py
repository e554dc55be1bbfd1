"""What is published of a device that is created or deleted, whatever else happens at that moment."""

from tests.edge_operator.control.fleet_world import World
from tests.edge_operator.control.samples import device


async def test_device_that_is_created_and_deleted_is_published() -> None:
    world = World()
    world.receive(b"online")
    assert await world.reasons() == ["HeartbeatReceived"]
    world.receive(b'{"status": "offline", "reason": "Disconnected"}')
    assert await world.reasons() == ["Disconnected"]
    assert await world.reasons() == []


async def test_device_that_is_edited_in_that_moment_is_published_as_well() -> None:
    world = World()
    world.receive(b"online")
    world.informers.devices.put(device(version=2, displayName="Pump 1").body)
    assert await world.reasons() == ["HeartbeatReceived"]


async def test_device_that_went_and_came_between_two_ticks_came() -> None:
    world = World()
    world.receive(b"online")
    await world.reasons()
    world.receive(b'{"status": "offline", "reason": "Disconnected"}')
    world.receive(b"online")
    assert await world.reasons() == ["HeartbeatReceived"]
