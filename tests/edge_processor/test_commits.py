"""Batches are committed and passed on in their order, whatever fails."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random

import pytest
from prometheus_client import CollectorRegistry

from edge_processor.batcher import Received
from edge_processor.commits import Commits
from edge_processor.link_answers import Answered
from edge_processor.metrics import ProcessorMetrics
from edge_processor.store_link import StoreLink
from edge_storage.frames.listener import IngestListener
from edge_wire.store import StoreUnavailableError
from edge_wire.store.frames import CommitAnswer, CommitRequest, Status
from tests.edge_processor.messages import CONNECTION, NOW
from tests.edge_processor.test_ingest import turns
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


@dataclass
class Sent:
    """A request in flight, which the test answers."""

    payload: bytes
    answered: Answered

    def succeed(self) -> None:
        self.answered(CommitAnswer(Status.STORED, accepted=1, lines=[self.payload], indexes=[0]))

    def fail(self) -> None:
        self.answered(StoreUnavailableError("full"))


class AnsweredByTest(StoreLink):
    """A link without a connection.

    Attributes:
        sent: requests that the test has not taken yet, in their order.
    """

    def __init__(self) -> None:
        super().__init__(f"http://{HOST}:1", 1, lambda _: None)
        self.sent: asyncio.Queue[Sent] = asyncio.Queue()

    def begin(self, request: CommitRequest, answered: Answered) -> None:
        ((_, payload),) = request.messages
        self.sent.put_nowait(Sent(payload, answered))


@asynccontextmanager
async def committing(link: StoreLink) -> AsyncIterator[Commits]:
    commits = Commits(link, "hall-1", 1, ProcessorMetrics(CollectorRegistry()))
    async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as group:
        running = group.create_task(commits.run())
        yield commits
        running.cancel()


def submit(commits: Commits, payload: bytes, passed_on: list[bytes]) -> None:
    received = [Received("d1", payload, 1, NOW, 0.0, CONNECTION)]
    commits.submit(received, lambda answer: passed_on.extend(answer.lines))


async def test_no_new_batch_is_sent_while_a_later_batch_in_flight_has_failed() -> None:
    """The answer to the first batch submits the third one, as the ingest does, when the second one has failed."""
    link, passed_on = AnsweredByTest(), list[bytes]()
    async with committing(link) as commits:

        def stored(answer: CommitAnswer) -> None:
            passed_on.extend(answer.lines)
            submit(commits, b"c", passed_on)

        commits.submit([Received("d1", b"a", 1, NOW, 0.0, CONNECTION)], stored)
        submit(commits, b"b", passed_on)
        first, second = link.sent.get_nowait(), link.sent.get_nowait()
        second.fail()
        first.succeed()
        assert link.sent.empty()
        again = [await link.sent.get(), await link.sent.get()]
        assert [each.payload for each in again] == [b"b", b"c"]
        for each in again:
            each.succeed()
        assert passed_on == [b"a", b"b", b"c"]


async def test_a_failed_batch_is_sent_again_only_after_all_batches_in_flight_have_ended() -> None:
    """Else the late failure of the first request for the second batch counts for the next, and it is stored twice."""
    link, passed_on = AnsweredByTest(), list[bytes]()
    async with committing(link) as commits:
        submit(commits, b"a", passed_on)
        submit(commits, b"b", passed_on)
        first, second = link.sent.get_nowait(), link.sent.get_nowait()
        first.fail()
        await turns()
        second.fail()
        again = [await link.sent.get(), await link.sent.get()]
        assert [each.payload for each in again] == [b"a", b"b"]
        for each in again:
            each.succeed()
        assert passed_on == [b"a", b"b"]
