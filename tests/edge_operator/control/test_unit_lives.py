"""What is told of a device that comes or goes, whatever else happens to it in that moment."""

from tests.edge_operator.control.lives import device
from tests.edge_operator.control.lives_world import World


async def test_device_that_comes_and_goes_is_told_of() -> None:
    world = World()
    world.hear(b"online")
    assert await world.reasons() == ["HeartbeatReceived"]
    world.hear(b'{"status": "offline", "reason": "Disconnected"}')
    assert await world.reasons() == ["Disconnected"]
    assert await world.reasons() == []


async def test_device_that_is_edited_in_that_moment_is_told_of_as_well() -> None:
    world = World()
    world.hear(b"online")
    world.knowledge.devices.put(device(version=2, displayName="Pump 1").body)
    assert await world.reasons() == ["HeartbeatReceived"]


async def test_device_that_went_and_came_between_two_ticks_came() -> None:
    world = World()
    world.hear(b"online")
    await world.reasons()
    world.hear(b'{"status": "offline", "reason": "Disconnected"}')
    world.hear(b"online")
    assert await world.reasons() == ["HeartbeatReceived"]
