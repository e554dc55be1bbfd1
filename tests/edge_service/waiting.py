"""Waiting for changes without an event."""

import asyncio
from collections.abc import Callable
from typing import Any

SECONDS = 20.0
PAUSE = 0.02


async def eventually(what: str, holds: Callable[[], Any], seconds: float = SECONDS) -> None:
    """Return once `holds` says something true; fail with `what` if it does not in time."""
    for _ in range(int(seconds / PAUSE)):
        if holds():
            return
        await asyncio.sleep(PAUSE)
    raise AssertionError(f"not within {seconds} s: {what}; last answer: {holds()!r}")
