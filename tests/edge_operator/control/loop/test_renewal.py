"""A new period of certificates requeues every site, and renews its certificate."""

import asyncio
import contextlib
import datetime as dt
import time
from types import SimpleNamespace

import pytest

from edge_operator.control.loop import renewal
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


@pytest.mark.parametrize(
    ("left", "seconds"),
    [(10.0, 11.0), (3598.0, 3599.0), (3600.0, 3600.0), (PERIOD.total_seconds(), 3600.0)],
    ids=["soon", "within the hour", "in an hour", "in a month"],
)
async def test_wait_is_to_a_second_after_the_turn_but_an_hour_at_most(
    monkeypatch: pytest.MonkeyPatch, left: float, seconds: float
) -> None:
    async def sleep(seconds: float) -> None:
        raise TimeoutError(seconds)

    monkeypatch.setattr(renewal, "asyncio", SimpleNamespace(sleep=sleep))
    with pytest.raises(TimeoutError) as ended:
        await renew(lambda: None, lambda: NEXT - dt.timedelta(seconds=left))
    assert ended.value.args == (seconds,)
