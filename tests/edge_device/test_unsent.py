"""Readings that wait for their acknowledgement."""

import asyncio

from edge_device.unsent import Unsent
from edge_wire.messages import Reading


def reading(seq: int) -> Reading:
    return Reading("d1", "temperature", 1.0, seq=seq)


async def test_what_was_not_acknowledged_goes_first_again() -> None:
    unsent = Unsent(10)
    for seq in range(4):
        unsent.add(reading(seq))
    taken = await unsent.take(3)
    unsent.done(taken[1:])
    assert [each.seq for each in await unsent.take(10)] == [1, 2, 3]


async def test_it_is_idle_when_all_is_acknowledged() -> None:
    unsent = Unsent(10)
    async with asyncio.timeout(5):
        await unsent.idle()
    unsent.add(reading(1))
    taken = await unsent.take(10)
    idle = asyncio.create_task(unsent.idle())
    unsent.done(taken)
    await asyncio.sleep(0)
    assert not idle.done()
    await unsent.take(10)
    unsent.done([])
    async with asyncio.timeout(5):
        await idle


async def test_the_oldest_make_room() -> None:
    unsent = Unsent(2)
    for seq in range(5):
        unsent.add(reading(seq))
    assert unsent.dropped == 3
    assert [each.seq for each in await unsent.take(10)] == [3, 4]
