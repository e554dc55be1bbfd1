import asyncio

from edge_gateway.commands.notifier import Notifier

LONG = 30.0


async def test_a_bell_wakes_all_who_wait_at_it_and_nobody_else() -> None:
    notifier = Notifier()
    waiting = [asyncio.create_task(notifier.wait("a", LONG)) for _ in range(3)]
    other = asyncio.create_task(notifier.wait("b", LONG))
    await asyncio.sleep(0)
    assert notifier.waiting == 4
    notifier.notify("a")
    async with asyncio.timeout(1):
        assert all(await asyncio.gather(*waiting))
    assert not other.done()
    assert notifier.waiting == 1
    notifier.close()
    async with asyncio.timeout(1):
        await other
    assert notifier.waiting == 0


async def test_time_ends_a_wait_and_a_closed_bell_is_not_waited_for() -> None:
    notifier = Notifier()
    async with asyncio.timeout(1):
        assert not await notifier.wait("a", 0.01)
    notifier.close()
    async with asyncio.timeout(1):
        assert not await notifier.wait("a", LONG)


async def test_a_timeout_leaves_the_others_waiting() -> None:
    notifier = Notifier()
    longer = asyncio.create_task(notifier.wait("a", LONG))
    await notifier.wait("a", 0.01)
    notifier.notify("a")
    async with asyncio.timeout(1):
        await longer


async def test_who_is_cancelled_leaves_nothing_behind() -> None:
    notifier = Notifier()
    waiting = asyncio.create_task(notifier.wait("a", LONG))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert notifier.waiting == 0
