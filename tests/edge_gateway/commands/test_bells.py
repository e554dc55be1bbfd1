import asyncio

from edge_gateway.commands.bells import Bells

LONG = 30.0


async def test_a_bell_wakes_all_who_wait_at_it_and_nobody_else() -> None:
    bells = Bells()
    waiting = [asyncio.create_task(bells.wait("a", LONG)) for _ in range(3)]
    other = asyncio.create_task(bells.wait("b", LONG))
    await asyncio.sleep(0)
    assert bells.waiting == 4
    bells.ring("a")
    async with asyncio.timeout(1):
        assert all(await asyncio.gather(*waiting))
    assert not other.done()
    assert bells.waiting == 1
    bells.close()
    async with asyncio.timeout(1):
        await other
    assert bells.waiting == 0


async def test_time_ends_a_wait_and_a_closed_bell_is_not_waited_for() -> None:
    bells = Bells()
    async with asyncio.timeout(1):
        assert not await bells.wait("a", 0.01)
    bells.close()
    async with asyncio.timeout(1):
        assert not await bells.wait("a", LONG)


async def test_one_whose_time_is_over_leaves_the_others_waiting() -> None:
    bells = Bells()
    longer = asyncio.create_task(bells.wait("a", LONG))
    await bells.wait("a", 0.01)
    bells.ring("a")
    async with asyncio.timeout(1):
        await longer


async def test_who_is_cancelled_leaves_nothing_behind() -> None:
    bells = Bells()
    waiting = asyncio.create_task(bells.wait("a", LONG))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert bells.waiting == 0
