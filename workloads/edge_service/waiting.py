"""Waiting for an event with a timeout."""

import asyncio


async def set_within(event: asyncio.Event, seconds: float) -> bool:
    """Wait until `event` is set, for at most `seconds`; return whether it is set.

    A task that is cancelled while it waits here ends, even if the event is set in the same turn of the event loop:
    until Python 3.11 `asyncio.wait_for` drops such a cancellation.
    """
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
