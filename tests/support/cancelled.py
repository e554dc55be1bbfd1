"""Cancels a task in the very turn of the event loop in which what it waits for becomes ready."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

TURNS = range(6)
"""Turns of the event loop between the moment at which all is ready and the cancellation: one of them is the one."""

_ENOUGH = 20
"""Turns within which a cancelled task has ended."""


async def ends_when_cancelled(work: Coroutine[Any, Any, Any], make_ready: Callable[[], Any], turns: int) -> None:
    """Run `work`, call `make_ready`, cancel the task after so many turns: it has to end, and as cancelled."""
    task = asyncio.create_task(work)
    await _pass(_ENOUGH)
    assert not task.done()
    make_ready()
    await _pass(turns)
    was_under_way = task.cancel()
    await _pass(_ENOUGH)
    ended, was_cancelled = task.done(), task.done() and task.cancelled()
    task.cancel()
    await asyncio.wait({task}, timeout=5)
    assert ended, "it goes on though it was cancelled"
    assert was_cancelled or not was_under_way, "it ended as if it had not been cancelled"


async def _pass(turns: int) -> None:
    for _ in range(turns):
        await asyncio.sleep(0)
