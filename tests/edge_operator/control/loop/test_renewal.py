"""A new period of certificates has every site looked at, and its certificate made anew."""

import asyncio
import contextlib
import datetime as dt
import time

from edge_operator.control.loop.renewal import renew
from edge_operator.identity.certificates import EPOCH, PERIOD, period_of

NEXT = EPOCH + PERIOD * 7
SECONDS = 10.0


async def test_every_site_is_looked_at_once_when_the_period_turns() -> None:
    begun, looked = time.monotonic(), asyncio.Event()
    count = 0

    def now() -> dt.datetime:
        return NEXT + dt.timedelta(seconds=time.monotonic() - begun - 0.5)

    def look() -> None:
        nonlocal count
        count += 1
        looked.set()

    assert period_of(now()) == 6
    renewing = asyncio.create_task(renew(look, now))
    async with asyncio.timeout(SECONDS):
        await looked.wait()
    assert period_of(now()) == 7
    await asyncio.sleep(0.5)
    assert count == 1
    renewing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await renewing
