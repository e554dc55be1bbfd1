"""Batches: their size, their order, when they go."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from edge_processor.batcher import FULL_BATCHES, Batcher
from tests.edge_processor.messages import Acknowledged, received


def batcher(most_messages: int = 3, most_bytes: int = 100) -> Batcher:
    return Batcher(most_messages, most_bytes)


async def test_all_that_waits_goes_at_once_within_the_limit() -> None:
    waiting = batcher()
    waiting.add([received(0)])
    waiting.add([received(number) for number in range(1, 4)])
    assert [each.packet_id for each in waiting.take()] == [0, 1, 2]
    assert len(waiting) == 1
    assert [each.packet_id for each in waiting.take()] == [3]


async def test_a_lonely_message_goes_at_once() -> None:
    waiting = batcher()
    taken: list[int] = []
    waiting.on_some = lambda: taken.append(len(waiting.take()))
    waiting.add([])
    assert taken == []
    waiting.add([received(1)])
    assert taken == [1]


@given(st.lists(st.lists(st.integers(0, 150), max_size=8), min_size=1, max_size=10))
def test_batches_are_within_bounds_and_keep_the_order(reads: list[list[int]]) -> None:
    sizes = [size for read in reads for size in read]

    async def drained() -> list[list[int]]:
        waiting, number = batcher(), 0
        for read in reads:
            waiting.add([received(number + at, size) for at, size in enumerate(read)])
            number += len(read)
        batches = []
        while len(waiting):
            batches.append([each.packet_id for each in waiting.take()])
        assert not waiting.is_full(FULL_BATCHES * 3 - 1), "what was taken is not counted any more"
        return batches

    batches = asyncio.run(drained())
    assert [number for batch in batches for number in batch] == list(range(len(sizes)))
    for batch in batches:
        assert len(batch) <= 3
        assert len(batch) == 1 or sum(sizes[number] for number in batch) <= 100


async def test_a_batch_is_of_one_connection() -> None:
    waiting, one, other = batcher(), Acknowledged(), Acknowledged()
    waiting.add([received(1, connection=one), received(2, connection=other), received(3, connection=other)])
    assert [each.packet_id for each in waiting.take()] == [1]
    assert [each.packet_id for each in waiting.take()] == [2, 3]


async def test_it_is_idle_when_all_is_stored_and_not_before() -> None:
    waiting = batcher(most_messages=1)
    async with asyncio.timeout(5):
        await waiting.idle()
    waiting.add([received(1), received(2)])
    for _ in range(2):
        waiting.take()
    for left in (1, 0):
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
        assert not by_count.is_full()
        assert by_count.is_full(FULL_BATCHES * 3 - number)
        by_count.add([received(number)])
    assert by_count.is_full()
    by_size.add([received(1, FULL_BATCHES * 100)])
    assert by_size.is_full()
    by_size.take()
    assert not by_size.is_full()
