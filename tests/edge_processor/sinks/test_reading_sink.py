"""What the sink of any destination promises for readings: real store, a destination that is cut, slow or silent."""

import asyncio
import time
import tracemalloc
from dataclasses import replace
from decimal import Decimal

import pytest

from edge_processor.delivery.forwarding import ForwardingRule
from edge_processor.delivery.reading_sink import MAX_WAITING_READINGS, ReadingSink
from edge_wire.store import Cursor
from tests.edge_processor.delivery.sending import Shared
from tests.edge_processor.sinks.outside import OPTIONS, Outside, outside
from tests.edge_processor.site import Site

MEMORY_BYTES = 4 * 1024 * 1024
OUTAGE_READINGS = 200_000


async def test_what_is_stored_comes_live_and_in_order(module_site: Site) -> None:
    destination = Shared()
    async with outside(module_site, destination) as work:
        stored = [each for _ in range(10) for each in await work.put(100)]
        await work.all_came()
    assert destination.came == {"live": [offset for offset, _ in stored], "backlog": []}


async def test_an_outage_costs_no_memory_and_loses_nothing(module_site: Site) -> None:
    """200,000 readings: new ones go live at once when it ends, the gap comes oldest first."""
    destination = Shared()
    async with outside(module_site, destination) as work:
        first = work.newest + 1
        await work.put(500)
        await work.all_came()
        destination.cut()
        await work.put(4000)
        tracemalloc.start()
        await work.put(4000)
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(OUTAGE_READINGS // 4000 - 2):
            await work.put(4000)
        after, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert work.sink.waiting_readings <= OPTIONS.backlog.batch_readings
        assert after - before < MEMORY_BYTES
        assert work.sink.ledger.pending_readings == OUTAGE_READINGS
        destination.restore()
        stored = await work.put(10)
        await work.until(lambda: stored[0][0] in destination.at)
        assert len(destination.came["backlog"]) < OUTAGE_READINGS, "live readings do not wait for the backlog"
        await work.all_came()
    assert sorted(work.came) == list(range(first, work.newest + 1)), "each of them, once"
    assert destination.came["backlog"] == sorted(destination.came["backlog"])
    assert destination.came["live"] == sorted(destination.came["live"])


async def test_a_live_reading_that_waits_when_the_connection_ends_is_backlog(module_site: Site) -> None:
    destination = Shared()
    async with outside(module_site, destination) as work:
        destination.hold()
        await work.put(3000)
        assert work.sink.waiting_readings >= 2000
        destination.cut()
        await work.put(1)
        assert work.sink.waiting_readings == 0
        destination.restore()
        await work.all_came()
    assert len(destination.came["live"]) == 1000, "two batches were under way"
    assert destination.came["backlog"] == sorted(destination.came["backlog"])


async def test_a_destination_that_confirms_nothing_gets_a_bounded_queue(module_site: Site) -> None:
    destination = Shared()
    async with outside(module_site, destination) as work:
        destination.hold()
        for _ in range(10):
            await work.put(4000)
        assert work.sink.waiting_readings < 2 * MAX_WAITING_READINGS
        destination.restore()
        await work.all_came()


async def test_while_one_confirms_nothing_the_other_is_as_fast_as_before(module_site: Site) -> None:
    fast, black_hole = Shared(), Shared()

    async def delay(work: Outside, other: Outside) -> float:
        """Return the median time from the notification to the confirmation."""
        took: list[float] = []
        for _ in range(15):
            stored = await work.write(100)
            began = time.monotonic()
            other.sink.stored(stored, alerts=0)
            work.sink.stored(stored, alerts=0)
            await work.until(lambda last=stored[-1][0]: last in fast.at)  # type: ignore[misc]
            took.append(time.monotonic() - began)
        return sorted(took)[len(took) // 2]

    async with outside(module_site, fast) as work:
        other = Outside(
            ReadingSink(
                replace(OPTIONS, cursor="kafka"),
                black_hole.connected,
                {"live": black_hole.sender("live"), "backlog": black_hole.sender("backlog")},
                work.store,
                work.token,
                lambda *_: None,
            ),
            black_hole,
            work.store,
            work.token,
            work.newest,
        )
        running = asyncio.create_task(other.sink.run())
        alone = await delay(work, other)
        black_hole.hold()
        beside = await delay(work, other)
        running.cancel()
        await asyncio.wait({running})
    assert beside < alone + 0.05, (alone, beside)


async def test_report_by_exception_counts_what_is_held_back_as_delivered(module_site: Site) -> None:
    rules = {"temperature": ForwardingRule(Decimal(99), 0, None)}
    destination = Shared()
    async with outside(module_site, destination, replace(OPTIONS, rules=rules)) as work:
        stored = await work.put(1000)
        await work.all_came()
        expected = [offset for offset, _ in stored][::100]
        assert destination.came["live"] == expected
        destination.cut()
        gap = await work.put(1000)
        destination.restore()
        await work.all_came()
        came = [offset for offset in destination.came["backlog"] if offset >= gap[0][0]]
        assert came == [offset for offset, _ in gap][::100]


async def test_after_an_outage_the_next_reading_of_each_device_is_forwarded(module_site: Site) -> None:
    """The one with which it was compared may not have come yet."""
    rules = {"temperature": ForwardingRule(Decimal(10_000), 0, None)}
    destination = Shared()
    async with outside(module_site, destination, replace(OPTIONS, rules=rules)) as work:
        destination.hold()
        await work.put(1)
        destination.cut()
        await work.put(1)
        destination.restore()
        (after,) = await work.put(1)
        await work.all_came()
        assert destination.came["live"][-1] == after[0]


async def test_what_a_predecessor_did_not_deliver_comes_and_nothing_else(module_site: Site) -> None:
    destination = Shared()
    async with outside(module_site, destination) as work:
        await work.put(100)
        await work.all_came()
        destination.cut()
        owed = [offset for offset, _ in await work.put(300)]
        await work.sink.drained()
        assert (await work.store.cursor("cloud") or Cursor()).done == owed[0] - 1
    successor = Shared()
    async with outside(module_site, successor) as work:
        await work.all_came()
        assert work.came == owed


@pytest.mark.parametrize("is_connected", [True, False])
async def test_without_a_connection_one_batch_is_enough_to_find_one(module_site: Site, *, is_connected: bool) -> None:
    """A destination that connects for a request only has to get one."""
    destination = Shared()
    if not is_connected:
        destination.connected.clear()
    async with outside(module_site, destination) as work:
        await work.put(10)
        await work.all_came()
