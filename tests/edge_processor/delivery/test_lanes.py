"""How a lane fills and sends batches, and how two lanes share a destination; on a virtual clock."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest

from edge_processor.delivery.destination import Outcome
from edge_processor.delivery.lanes.lane import Lane, LaneOptions
from edge_processor.delivery.lanes.share import YIELD_SECONDS, Share
from edge_processor.delivery.lanes.window import FAILED_SECONDS
from edge_processor.delivery.ledger import Entry
from tests.edge_operator.cluster.virtual import now, run_virtual
from tests.edge_processor.delivery.sending import Shared, entries, entry


class Manual:
    """A sender of which the test settles the futures.

    Attributes:
        sent: offsets of the batches.
        futures: of the batches.
        failures: raised by the next calls.
    """

    def __init__(self) -> None:
        self.sent: list[list[int]] = []
        self.futures: list[asyncio.Future[Outcome]] = []
        self.failures: list[Exception] = []

    def send(self, entries: Sequence[Entry]) -> asyncio.Future[Outcome]:
        if self.failures:
            raise self.failures.pop()
        self.sent.append([offset for offset, _ in entries])
        self.futures.append(asyncio.get_running_loop().create_future())
        return self.futures[-1]


class World:
    """A lane with a sender.

    Attributes:
        landed: offsets of batches that landed, with the outcome.
    """

    def __init__(self, options: LaneOptions) -> None:
        self.sender = Manual()
        self.landed: list[tuple[list[int], Outcome]] = []
        self.lane = Lane(self.sender, options, self._land)

    def _land(self, batch: Sequence[Entry], outcome: Outcome) -> None:
        self.landed.append(([offset for offset, _ in batch], outcome))

    async def settle(self, number: int, outcome: Outcome | Exception | None = None) -> None:
        """Settle a batch."""
        if isinstance(outcome, Exception):
            self.sender.futures[number].set_exception(outcome)
        else:
            self.sender.futures[number].set_result(outcome or Outcome())
        await asyncio.sleep(0.001)


def play(options: LaneOptions, story: Callable[[World], Awaitable[None]]) -> World:
    async def told() -> World:
        world = World(options)
        await story(world)
        return world

    return run_virtual(told())


def test_batches_are_full_and_two_are_under_way() -> None:
    async def story(world: World) -> None:
        world.lane.put(entries(1, 7))
        assert world.sender.sent == [[1, 2, 3], [4, 5, 6]]
        await world.settle(0)

    assert play(LaneOptions(3), story).sender.sent[2] == [7]


def test_a_batch_is_bounded_in_bytes() -> None:
    async def story(world: World) -> None:
        world.lane.put([entry(offset, 400_000) for offset in range(1, 6)])

    assert play(LaneOptions(10), story).sender.sent == [[1, 2], [3, 4]]


def test_batches_land_in_the_order_in_which_they_were_sent() -> None:
    async def story(world: World) -> None:
        world.lane.put(entries(1, 4))
        await world.settle(1)
        assert world.landed == []
        await world.settle(0)

    assert [batch for batch, _ in play(LaneOptions(2), story).landed] == [[1, 2], [3, 4]]


def test_readings_linger_until_the_batch_is_full_or_the_time_is_over() -> None:
    async def story(world: World) -> None:
        began = now()
        world.lane.put(entries(1, 2))
        await asyncio.sleep(0.2)
        world.lane.put(entries(3, 3))
        assert world.sender.sent == []
        await asyncio.sleep(0.051)
        assert world.sender.sent == [[1, 2, 3]]
        world.lane.put(entries(4, 13))
        assert world.sender.sent[1] == [*range(4, 14)]
        assert now() - began < 0.3

    play(LaneOptions(10, linger_seconds=0.25), story)


def test_the_last_readings_do_not_linger() -> None:
    async def story(world: World) -> None:
        world.lane.put(entries(1, 2))
        world.lane.flush()
        assert world.sender.sent == [[1, 2]]

    play(LaneOptions(10, linger_seconds=0.25), story)


def test_what_is_not_sent_can_be_released() -> None:
    async def story(world: World) -> None:
        world.lane.put(entries(1, 7))
        assert world.lane.release() == entries(5, 7)
        await world.settle(0)
        await world.settle(1)
        assert world.lane.idle.is_set()

    assert play(LaneOptions(2), story).sender.sent == [[1, 2], [3, 4]]


def test_a_reading_that_is_not_forwarded_lands_with_its_batch() -> None:
    async def story(world: World) -> None:
        world.lane.put([(1, b""), entry(2), (3, b""), entry(4)])
        assert world.sender.sent == [[2, 4]]
        await world.settle(0, Outcome(((1, "poison"),)))

    assert play(LaneOptions(4), story).landed == [([1, 2, 3, 4], Outcome(((3, "poison"),)))]


def test_a_batch_without_readings_to_forward_is_not_sent() -> None:
    async def story(world: World) -> None:
        world.lane.put([(1, b""), (2, b"")])
        assert world.landed == [([1, 2], Outcome())]
        assert world.lane.idle.is_set()

    assert play(LaneOptions(4), story).sender.sent == []


@pytest.mark.parametrize("error", [RuntimeError("broken"), None], ids=["failed", "cancelled"])
def test_a_sender_that_breaks_its_promise_gets_the_batch_again(error: Exception | None) -> None:
    async def story(world: World) -> None:
        world.lane.put(entries(1, 4))
        if error is None:
            world.sender.futures[0].cancel()
        else:
            await world.settle(0, error)
        await world.settle(1)
        assert world.landed == []
        await asyncio.sleep(1.1 * FAILED_SECONDS)
        assert world.sender.sent == [[1, 2], [3, 4], [1, 2]]
        await world.settle(2)

    assert [batch for batch, _ in play(LaneOptions(2), story).landed] == [[1, 2], [3, 4]]


def test_a_sender_that_raises_gets_the_batch_again() -> None:
    async def story(world: World) -> None:
        world.sender.failures = [RuntimeError("broken")]
        world.lane.put(entries(1, 4))
        assert world.sender.sent == [[3, 4]]
        await asyncio.sleep(1.1 * FAILED_SECONDS)
        await world.settle(0)
        await world.settle(1)

    assert [batch for batch, _ in play(LaneOptions(2), story).landed] == [[1, 2], [3, 4]]


def test_the_backlog_does_not_wait_for_live_readings_that_are_not_taken() -> None:
    async def story() -> None:
        stuck, taken = Manual(), Shared(readings_per_second=10_000)
        live = Lane(stuck, LaneOptions(500), lambda *_: None)
        backlog = Lane(taken.sender("backlog"), LaneOptions(2000), lambda *_: None)
        Share(live, backlog)
        live.put(entries(1, 2000))
        backlog.put(entries(1, 20_000))
        await asyncio.sleep(2 * YIELD_SECONDS)
        assert len(taken.came["backlog"]) == 20_000

    run_virtual(story())


async def _share(live_rate: float, capacity: float, seconds: float) -> tuple[float, float]:
    """Return the rates of both lanes, while live readings come at a rate, to a destination with a capacity."""
    destination = Shared(capacity)
    live = Lane(destination.sender("live"), LaneOptions(500), lambda *_: None)
    backlog = Lane(destination.sender("backlog"), LaneOptions(2000), lambda *_: None)
    Share(live, backlog)
    began, sent = now(), 0
    while now() - began < seconds:
        due = int((now() - began) * live_rate)
        live.put(entries(sent + 1, due))
        sent = due
        if backlog.low.is_set():
            backlog.put(entries(1, 2000))
        await asyncio.sleep(0.01)
    return len(destination.came["live"]) / seconds, len(destination.came["backlog"]) / seconds


@pytest.mark.parametrize(
    ("live_rate", "live_share", "backlog_share"),
    [
        pytest.param(0, (0, 0), (0.9, 1), id="no live readings: all is for the backlog"),
        pytest.param(1000, (0.08, 0.11), (0.85, 0.95), id="a few live readings: all else is"),
        pytest.param(4000, (0.38, 0.42), (0.55, 0.65), id="less than half"),
        pytest.param(30_000, (0.4, 0.52), (0.48, 0.6), id="more than all: each gets half"),
    ],
)
def test_the_backlog_gets_what_live_readings_leave_and_at_least_half(
    live_rate: float, live_share: tuple[float, float], backlog_share: tuple[float, float]
) -> None:
    capacity = 10_000.0
    live, backlog = run_virtual(_share(live_rate, capacity, 30.0))
    assert live_share[0] <= live / capacity <= live_share[1], (live, backlog)
    assert backlog_share[0] <= backlog / capacity <= backlog_share[1], (live, backlog)
