"""Enqueues every site when a new period of certificates begins."""

import asyncio
import datetime as dt
from collections.abc import Callable

from edge_operator.identity.certificates import period_of, seconds_left

MAX_SECONDS = 3600.0
"""Maximum sleep, because the wall clock may be adjusted during it."""


async def renew(enqueue_all: Callable[[], None], wall_clock: Callable[[], dt.datetime]) -> None:
    """Enqueue everything at the beginning of each new period, until cancelled."""
    period = period_of(wall_clock())
    while True:
        await asyncio.sleep(min(MAX_SECONDS, seconds_left(wall_clock()) + 1))
        if (now := period_of(wall_clock())) != period:
            period = now
            enqueue_all()
