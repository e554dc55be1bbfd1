import asyncio
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_operator.control.loop.work_queue import MAX_BACKOFF_SECONDS, MIN_BACKOFF_SECONDS, WorkQueue
from tests.edge_operator.cluster.virtual import now, run_virtual


async def taken(queue: WorkQueue[str], seconds: float) -> str | None:
    """Return the next key, None if there is none within `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            return await queue.get()
    except TimeoutError:
        return None


def test_key_that_waits_is_handed_out_once() -> None:
    async def story() -> None:
        queue: WorkQueue[str] = WorkQueue()
        for key in ("a", "b", "a", "a"):
            queue.add(key)
        assert len(queue) == 2
        assert [await queue.get(), await queue.get(), await taken(queue, 1)] == ["a", "b", None]

    run_virtual(story())


def test_key_that_is_added_while_worked_on_waits_until_that_is_done() -> None:
    async def story() -> None:
        queue: WorkQueue[str] = WorkQueue()
        queue.add("a")
        assert await queue.get() == "a"
        queue.add("a")
        queue.add("a")
        assert await taken(queue, 5) is None
        queue.done("a")
        assert await queue.get() == "a"
        queue.done("a")
        assert await taken(queue, 5) is None

    run_virtual(story())


def test_worker_that_waits_gets_the_key_that_was_added_while_another_processed_it() -> None:
    async def story() -> None:
        queue: WorkQueue[str] = WorkQueue()
        queue.add("a")
        assert await queue.get() == "a"
        waiting = asyncio.create_task(taken(queue, 5))
        await asyncio.sleep(1)
        queue.add("a")
        queue.done("a")
        assert await waiting == "a"

    run_virtual(story())


def test_key_that_was_due_is_scheduled_again() -> None:
    async def story() -> None:
        queue: WorkQueue[str] = WorkQueue()
        for _ in range(2):
            queue.add_after("a", 10.0)
            assert await taken(queue, 11) == "a"
            queue.done("a")

    run_virtual(story())


def test_of_several_delays_the_earliest_counts() -> None:
    async def story() -> None:
        queue: WorkQueue[str] = WorkQueue()
        for seconds in (30.0, 10.0, 20.0):
            queue.add_after("a", seconds)
        begun = now()
        assert await queue.get() == "a"
        assert now() - begun == 10.0
        queue.done("a")
        assert await taken(queue, 100) is None

    run_virtual(story())


def test_backoff_grows_to_its_bound_and_is_forgotten_on_success() -> None:
    async def story() -> None:
        queue: WorkQueue[str] = WorkQueue()
        waits = [queue.retry("a") for _ in range(1100)]
        for failures, wait in enumerate(waits):
            nominal = min(MIN_BACKOFF_SECONDS * 2.0 ** min(failures, 32), MAX_BACKOFF_SECONDS)
            assert 0.75 * nominal <= wait <= nominal
        queue.succeeded("a")
        assert queue.retry("a") <= MIN_BACKOFF_SECONDS
        assert queue.retry("b") <= MIN_BACKOFF_SECONDS, "each key by itself"

    run_virtual(story())


def test_retry_hands_the_key_out_again_at_a_time_of_its_own() -> None:
    async def story() -> None:
        queue: WorkQueue[str] = WorkQueue()
        wait, begun = queue.retry("a"), now()
        assert await taken(queue, 1) == "a"
        assert now() - begun == pytest.approx(wait)
        assert len({queue.retry(str(number)) for number in range(20)}) > 1, "all at once would fail together again"

    run_virtual(story())


def test_timers_that_do_not_count_any_more_are_cancelled() -> None:
    async def story() -> None:
        queue: WorkQueue[str] = WorkQueue()
        failed: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: failed.append(context))
        queue.add_after("a", 30.0)
        queue.add_after("a", 10.0)
        queue.add_after("b", 20.0)
        queue.forget("b")
        assert await taken(queue, 15) == "a"
        queue.done("a")
        assert await taken(queue, 60) is None
        assert failed == []

    run_virtual(story())


def test_forgotten_key_comes_no_more() -> None:
    async def story() -> None:
        queue: WorkQueue[str] = WorkQueue()
        queue.retry("a")
        queue.forget("a")
        queue.forget("never seen")
        assert await taken(queue, 1000) is None
        assert queue.retry("a") <= MIN_BACKOFF_SECONDS

    run_virtual(story())


def test_cancelled_waiter_takes_no_key_with_it() -> None:
    async def story() -> None:
        queue: WorkQueue[str] = WorkQueue()
        waiter = asyncio.create_task(queue.get())
        await asyncio.sleep(1)
        queue.add("a")
        waiter.cancel()
        await asyncio.wait([waiter])
        assert await taken(queue, 1) == "a"

    run_virtual(story())


WISHES = st.lists(
    st.tuples(
        st.floats(0, 3), st.sampled_from(["add", "after", "retry", "forget"]), st.integers(0, 30), st.floats(0, 20)
    ),
    max_size=200,
)


@settings(max_examples=40, deadline=None)
@given(wishes=WISHES, workers=st.integers(1, 5), effort=st.floats(0, 2))
def test_every_wish_is_fulfilled_and_no_key_is_worked_on_twice_at_once(
    wishes: list[tuple[float, str, int, float]], workers: int, effort: float
) -> None:
    async def story() -> None:
        queue: WorkQueue[int] = WorkQueue()
        under_way: Counter[int] = Counter()
        begun_at: dict[int, float] = {}
        wished_at: dict[int, float] = {}

        async def work() -> None:
            while True:
                key = await queue.get()
                under_way[key] += 1
                assert under_way[key] == 1
                begun_at[key] = now()
                await asyncio.sleep(effort)
                under_way[key] -= 1
                queue.done(key)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work()) for _ in range(workers)]
            for pause, kind, key, seconds in wishes:
                await asyncio.sleep(pause)
                match kind:
                    case "add":
                        queue.add(key)
                        wished_at[key] = now()
                    case "after":
                        queue.add_after(key, seconds)
                    case "retry":
                        queue.retry(key)
                    case "forget":
                        queue.forget(key)
            await asyncio.sleep(1000)
            for task in tasks:
                task.cancel()
        assert len(queue) == 0
        assert all(begun_at[key] >= at for key, at in wished_at.items())

    run_virtual(story())
