"""Waiting for an event with an end to it."""

import asyncio

import pytest

from edge_service.waiting import set_within
from tests.support.cancelled import TURNS, ends_when_cancelled


async def test_it_says_whether_the_event_was_set_in_time() -> None:
    event = asyncio.Event()
    assert not await set_within(event, 0.01)
    asyncio.get_running_loop().call_soon(event.set)
    assert await set_within(event, 60)
    assert await set_within(event, 0.01)


@pytest.mark.parametrize("turns", TURNS)
async def test_who_is_cancelled_as_the_event_is_set_ends(turns: int) -> None:
    event = asyncio.Event()
    await ends_when_cancelled(set_within(event, 60), event.set, turns)


async def test_who_is_cancelled_as_the_time_is_up_ends() -> None:
    task = asyncio.create_task(set_within(asyncio.Event(), 0.01))
    await asyncio.sleep(0)
    # As after a slow callback: the time is over before the loop checks its timers.
    asyncio.get_running_loop().call_later(0.01, task.cancel)
    with pytest.raises(asyncio.CancelledError):
        await task
