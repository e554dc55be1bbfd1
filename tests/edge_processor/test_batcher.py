"""Batches: their size, their order, when they go."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from edge_processor.batcher import FULL_BATCHES, Batcher
from tests.edge_processor.messages import received


def batcher(most_messages: int = 3, most_bytes: int = 100, linger_seconds: float = 0.01) -> Batcher:
    return Batcher(most_messages, most_bytes, linger_seconds)


async def test_a_full_batch_goes_at_once() -> None:
    waiting = batcher(linger_seconds=60)
    for number in range(4):
        waiting.add(received(number))
    async with asyncio.timeout(5):
        batch = await waiting.take()
    assert [each.message._mid for each in batch] == [0, 1, 2]  # noqa: SLF001 - which message it is
    assert len(waiting) == 1


async def test_a_batch_that_fills_while_it_lingers_goes_then() -> None:
    waiting = batcher(linger_seconds=60)
    taking = asyncio.create_task(waiting.take())
    for number in range(3):
        waiting.add(received(number))
        await asyncio.sleep(0)
    async with asyncio.timeout(5):
        assert len(await taking) == 3


async def test_a_lonely_message_goes_soon() -> None:
    waiting = batcher()
    waiting.add(received(1))
    async with asyncio.timeout(5):
        assert len(await waiting.take()) == 1


@given(st.lists(st.integers(0, 150), min_size=1, max_size=30))
def test_batches_are_within_bounds_and_keep_the_order(sizes: list[int]) -> None:
    async def drained() -> list[list[int]]:
        waiting = batcher(linger_seconds=0)
        for number, size in enumerate(sizes):
            waiting.add(received(number, size))
        batches = []
        while len(waiting):
            batches.append([each.message._mid for each in await waiting.take()])  # noqa: SLF001
        return batches

    batches = asyncio.run(drained())
    assert [number for batch in batches for number in batch] == list(range(len(sizes)))
    for batch in batches:
        assert len(batch) <= 3
        assert len(batch) == 1 or sum(sizes[number] for number in batch) <= 100


async def test_it_is_idle_when_all_is_stored_and_not_before() -> None:
    waiting = batcher(most_messages=1)
    async with asyncio.timeout(5):
        await waiting.idle()
    waiting.add(received(1))
    waiting.add(received(2))
    for left in (1, 0):
        await waiting.take()
        idle = asyncio.create_task(waiting.idle())
        await asyncio.sleep(0)
        assert not idle.done()
        waiting.done()
        await asyncio.sleep(0)
        assert idle.done() is (left == 0)
        idle.cancel()


async def test_it_says_when_it_is_crowded() -> None:
    by_count, by_size = batcher(), batcher()
    for number in range(FULL_BATCHES * 3):
        assert not by_count.is_full
        by_count.add(received(number))
    assert by_count.is_full
    by_size.add(received(1, FULL_BATCHES * 100))
    assert by_size.is_full
    await by_size.take()
    assert not by_size.is_full
