"""From the batcher to the acknowledgement: order over failures, batches in flight, fencing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from prometheus_client import CollectorRegistry

from edge_processor.batcher import Batcher
from edge_processor.commits import Commits
from edge_processor.ingest import MAX_IN_FLIGHT, Ingest
from edge_processor.metrics import ProcessorMetrics
from edge_processor.store_link import StoreLink
from edge_wire.store import FencedError, StoreUnavailableError
from edge_wire.store.frames import CommitAnswer, CommitRequest, Status
from tests.edge_processor.messages import Acknowledged, received

SECONDS = 10.0


class Link(StoreLink):
    """The store's side: commits when the test allows it.

    Attributes:
        asked: device ids of the requests, in their order.
        outcomes: of the next requests: an error, or None for a commit.
    """

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:1", 1, lambda _: None)
        self.asked: list[list[str]] = []
        self.outcomes: asyncio.Queue[Exception | None] = asyncio.Queue()

    async def commit(self, request: CommitRequest, failures: int | None = None) -> CommitAnswer:
        assert (request.location, request.token) == ("hall-1", 7)
        assert failures is not None
        self.asked.append([device_id for device_id, _ in request.messages])
        if (error := await self.outcomes.get()) is not None:
            raise error
        lines = [b"{}"] * len(request.messages)
        return CommitAnswer(Status.STORED, accepted=len(lines), lines=lines, indexes=range(len(lines)))


class World:
    """An ingest at work with batches of two messages."""

    def __init__(self) -> None:
        self.link, self.connection, self.registry = Link(), Acknowledged(), CollectorRegistry()
        self.passed_on: list[int] = []
        metrics = ProcessorMetrics(self.registry)
        self.batcher = Batcher(2, 1000)
        self.commits = Commits(self.link, "hall-1", 7, metrics)
        Ingest(self.batcher, self.commits, self._stored, metrics)

    def _stored(self, answer: CommitAnswer) -> None:
        self.passed_on.append(len(answer.lines))

    def add(self, *numbers: int) -> None:
        self.batcher.add([received(number, connection=self.connection) for number in numbers])

    @property
    def acknowledged(self) -> list[list[int]]:
        return self.connection.calls


@asynccontextmanager
async def at_work() -> AsyncIterator[World]:
    world = World()
    async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as group:
        task = group.create_task(world.commits.run())
        yield world
        task.cancel()


async def turns(count: int = 20) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_nothing_is_acknowledged_before_its_commit_and_a_batch_in_one_call() -> None:
    async with at_work() as world:
        world.add(1, 2, 3)
        await turns()
        assert world.acknowledged == []
        world.link.outcomes.put_nowait(None)
        await turns()
        assert world.acknowledged == [[1, 2]]
        world.link.outcomes.put_nowait(None)
        await world.batcher.idle()
    assert world.acknowledged == [[1, 2], [3]]
    assert world.passed_on == [2, 1]


async def test_messages_with_qos_0_are_stored_and_not_acknowledged() -> None:
    async with at_work() as world:
        world.add(0, 5)
        world.link.outcomes.put_nowait(None)
        await world.batcher.idle()
    assert world.acknowledged == [[5]]
    assert world.link.asked == [["d1", "d1"]]


async def test_a_failure_holds_up_all_that_follows() -> None:
    async with at_work() as world:
        world.add(1, 2, 3, 4, 5)
        for outcome in (StoreUnavailableError("full"), StoreUnavailableError("full"), None, None, None):
            world.link.outcomes.put_nowait(outcome)
        await world.batcher.idle()
    assert world.acknowledged == [[1, 2], [3, 4], [5]]
    assert [len(each) for each in world.link.asked] == [2, 2, 2, 2, 1]
    assert world.registry.get_sample_value("edge_processor_store_failures_total") == 1


async def test_so_many_batches_are_in_flight_and_the_rest_waits_in_the_batcher() -> None:
    async with at_work() as world:
        world.add(*range(1, 11))
        await turns()
        assert len(world.batcher) == 10 - 2 * MAX_IN_FLIGHT
        for _ in range(5):
            world.link.outcomes.put_nowait(None)
        await world.batcher.idle()


async def test_whoever_is_fenced_off_acknowledges_nothing_more() -> None:
    world = World()

    async def until_fenced() -> None:
        async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as group:
            group.create_task(world.commits.run())
            world.add(1, 2, 3)
            world.link.outcomes.put_nowait(None)
            world.link.outcomes.put_nowait(FencedError("another is the ingester"))

    with pytest.raises(ExceptionGroup) as lost:
        await until_fenced()
    assert lost.group_contains(FencedError, depth=1)
    assert world.acknowledged == [[1, 2]]
