"""Batches over the real link: committed and passed on in their order, whatever fails."""

import asyncio
from random import Random

import pytest
from prometheus_client import CollectorRegistry

from edge_processor.batcher import Received
from edge_processor.commits import Commits
from edge_processor.metrics import ProcessorMetrics
from edge_storage.frames.listener import IngestListener
from edge_wire.store import StoreUnavailableError
from edge_wire.store.frames import CommitAnswer
from tests.edge_processor.messages import CONNECTION, NOW
from tests.edge_processor.test_store_link import HOST, SECONDS, Committed, linked

BATCHES = 24


@pytest.mark.parametrize("seed", range(4))
async def test_batches_are_stored_and_passed_on_in_their_order_over_failures(seed: int) -> None:
    random, committed, passed_on = Random(seed), Committed(), asyncio.Queue[int]()
    todo = [b"%02d" % number for number in range(BATCHES)]
    listener = IngestListener(HOST, 0, committed)
    listener.start()
    async with linked(listener.port) as (link, _), asyncio.timeout(SECONDS):
        commits = Commits(link, "hall-1", 1, ProcessorMetrics(CollectorRegistry()))
        running = asyncio.create_task(commits.run())

        def stored(answer: CommitAnswer) -> None:
            passed_on.put_nowait(int(answer.lines[0]))

        for begin in range(0, BATCHES, 6):
            for payload in todo[begin : begin + 6]:
                commits.submit([Received("d1", payload, 1, NOW, 0.0, CONNECTION)], stored)
            committed.failures.append(StoreUnavailableError("disk full"))
            if random.random() < 0.5:
                await asyncio.to_thread(listener.stop)
                listener = IngestListener(HOST, listener.port, committed)
                listener.start()
            assert [await passed_on.get() for _ in range(6)] == [*range(begin, begin + 6)]
        running.cancel()
    await asyncio.to_thread(listener.stop)
    assert list(dict.fromkeys(committed.payloads)) == todo
    assert not running.done() or running.cancelled()


async def test_what_fails_after_the_commit_ends_the_work_and_nothing_more_is_passed_on() -> None:
    passed_on: list[bytes] = []

    def stored(answer: CommitAnswer) -> None:
        passed_on.extend(answer.lines)
        raise KeyError("internal")

    with IngestListener(HOST, 0, Committed()) as listener:
        async with linked(listener.port) as (link, _), asyncio.timeout(SECONDS):
            commits = Commits(link, "hall-1", 1, ProcessorMetrics(CollectorRegistry()))
            for payload in (b"a", b"b", b"c"):
                commits.submit([Received("d1", payload, 1, NOW, 0.0, CONNECTION)], stored)
            with pytest.raises(KeyError):
                await commits.run()
    assert passed_on == [b"a"]
