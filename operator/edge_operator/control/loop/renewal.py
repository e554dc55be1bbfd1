"""Has every site looked at when a new period of certificates begins."""

import asyncio
import datetime as dt
from collections.abc import Callable

from edge_operator.identity.certificates import period_of, seconds_left

MAX_SECONDS = 3600.0
"""The wall clock may be set meanwhile."""


async def renew(enqueue_all: Callable[[], None], wall_clock: Callable[[], dt.datetime]) -> None:
    """Wait for the next period and have all looked at, again and again, until cancelled."""
    period = period_of(wall_clock())
    while True:
        await asyncio.sleep(min(MAX_SECONDS, seconds_left(wall_clock()) + 1))
        if (now := period_of(wall_clock())) != period:
            period = now
            enqueue_all()
