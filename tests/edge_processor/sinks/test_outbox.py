"""Sending the alerts that wait, on a virtual clock: what is marked as sent, what is sent again, when it looks."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

import orjson
import pytest
from prometheus_client import CollectorRegistry

from edge_processor.metrics import ProcessorMetrics
from edge_processor.sinks.outbox import MIN_PAUSE_SECONDS, POLL_SECONDS, Outbox
from edge_service.address import BrokerAddress
from edge_service.mqtt import MqttOptions, MqttSession, NotConnectedError, PublishRefusedError
from edge_service.store import StoreClient, StoreRefusedError
from edge_wire.store import FencedError, OutboxAlert, StoreUnavailableError
from tests.edge_operator.cluster.virtual import now, run_virtual

TOKEN = 7


class Waiting(StoreClient):
    """The store's side: alerts by their place until they are marked as sent."""

    def __init__(self, *ids: int) -> None:
        super().__init__("http://127.0.0.1:1")
        self.waiting = list(ids)
        self.error: Exception | None = None
        self.asked: list[float] = []
        self.marked: list[list[int]] = []

    async def alerts_to_send(self, limit: int = 100) -> tuple[OutboxAlert, ...]:
        self.asked.append(now())
        if isinstance(self.error, StoreUnavailableError):
            raise self.error
        return tuple(OutboxAlert(each, alert(each)) for each in self.waiting[:limit])

    async def alerts_sent(self, ids: Sequence[int], *, token: int) -> None:
        assert token == TOKEN
        if self.error is not None:
            raise self.error
        self.marked.append(list(ids))
        self.waiting = [each for each in self.waiting if each not in ids]


class Sending(MqttSession):
    """The broker's side: takes what is published, or fails at some of it."""

    def __init__(self) -> None:
        super().__init__(MqttOptions(BrokerAddress("127.0.0.1", 1), "edge-processor"))
        self.connected.set()
        self.taken: list[tuple[str, int, int]] = []
        self.errors: dict[int, Exception] = {}

    async def publish(
        self, topic: str, payload: bytes, qos: int = 1, *, retain: bool = False, expiry: int | None = None
    ) -> int:
        assert not retain
        assert expiry is None
        number = orjson.loads(payload)["alert_id"]
        if number in self.errors:
            raise self.errors[number]
        self.taken.append((topic, number, qos))
        return 0

    @property
    def numbers(self) -> list[int]:
        return [number for _, number, _ in self.taken]


class World:
    """An outbox at work for a while."""

    def __init__(self, *ids: int) -> None:
        self.store, self.session, self.registry = Waiting(*ids), Sending(), CollectorRegistry()
        self.outbox = Outbox(self.store, self.session, TOKEN, ProcessorMetrics(self.registry))

    def sent(self, state: str) -> float:
        return self.registry.get_sample_value("edge_processor_alerts_sent_total", {"state": state}) or 0.0


def alert(number: int) -> dict[str, Any]:
    return {"alert_id": number, "device_id": "d1", "state": "cleared" if number % 2 else "firing"}


def play(story: Callable[[World], Awaitable[None]], *ids: int) -> World:
    """Run the outbox beside a story, on a virtual clock that begins at 0 when the outbox does."""

    async def told() -> World:
        world = World(*ids)
        working = asyncio.create_task(world.outbox.run())
        await story(world)
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working
        return world

    return run_virtual(told())


async def a_while(_world: World) -> None:
    await asyncio.sleep(POLL_SECONDS + MIN_PAUSE_SECONDS / 2)


def test_they_go_out_oldest_first_exactly_once_and_are_marked() -> None:
    world = play(a_while, 3, 4, 5)
    assert world.session.taken == [("alerts/d1", 3, 2), ("alerts/d1", 4, 2), ("alerts/d1", 5, 2)]
    assert world.store.marked == [[3, 4, 5]]
    assert (world.sent("firing"), world.sent("cleared")) == (1.0, 2.0)


def test_more_than_one_answer_holds_goes_out_without_a_pause() -> None:
    world = play(a_while, *range(250))
    assert world.session.numbers == list(range(250))
    assert [len(each) for each in world.store.marked] == [100, 100, 50]


def test_where_the_connection_ends_what_was_sent_is_marked_and_the_rest_waits() -> None:
    async def story(world: World) -> None:
        world.session.errors[4] = NotConnectedError("gone")
        await a_while(world)
        assert world.store.marked == [[3]]
        assert world.store.waiting == [4, 5]
        del world.session.errors[4]
        await asyncio.sleep(POLL_SECONDS + MIN_PAUSE_SECONDS)

    assert play(story, 3, 4, 5).session.numbers == [3, 4, 5]


def test_an_alert_that_the_broker_refuses_holds_up_no_other() -> None:
    async def story(world: World) -> None:
        world.session.errors[4] = PublishRefusedError("not authorised")
        await a_while(world)

    world = play(story, 3, 4, 5)
    assert (world.session.numbers, world.store.waiting) == ([3, 5], [])
    assert (world.sent("refused"), world.sent("firing"), world.sent("cleared")) == (1.0, 0.0, 2.0)


def test_a_store_that_is_away_is_asked_again() -> None:
    async def story(world: World) -> None:
        world.store.error = StoreUnavailableError("away")
        await asyncio.sleep(5 * POLL_SECONDS)
        assert world.session.taken == []
        world.store.error = None
        await asyncio.sleep(POLL_SECONDS + MIN_PAUSE_SECONDS)

    assert play(story, 3).store.marked == [[3]]


def test_the_shutdown_waits_for_one_attempt_and_not_for_a_store_that_is_away() -> None:
    async def story(world: World) -> None:
        world.outbox.stored([(1, b"{}")], alerts=1)
        await world.outbox.drained()
        assert world.session.numbers == [3]
        world.store.error = StoreUnavailableError("away")
        world.outbox.stored([(1, b"{}")], alerts=1)
        begun = now()
        await world.outbox.drained()
        assert now() - begun == pytest.approx(MIN_PAUSE_SECONDS)
        assert len(world.store.asked) == 3, "two for the first alert: one finds it, one finds no more"

    play(story, 3)


def test_an_alert_that_could_not_be_marked_goes_out_again() -> None:
    async def story(world: World) -> None:
        world.store.error = StoreRefusedError(500, "no")
        await a_while(world)
        world.store.error = None
        await asyncio.sleep(POLL_SECONDS + MIN_PAUSE_SECONDS)

    world = play(story, 3)
    assert (world.session.numbers, world.store.marked) == ([3, 3], [[3]])


def test_whoever_is_fenced_off_ends() -> None:
    async def story(world: World) -> None:
        world.store.error = FencedError("another is the ingester")
        await a_while(world)

    with pytest.raises(FencedError):
        play(story, 3)


def test_without_a_word_it_looks_each_second_and_with_one_at_once() -> None:
    async def story(world: World) -> None:
        begun = now()
        await asyncio.sleep(10.5 * (POLL_SECONDS + MIN_PAUSE_SECONDS))
        assert len(world.store.asked) == 10
        assert world.store.asked[0] - begun == pytest.approx(POLL_SECONDS)
        world.outbox.stored([(1, b"{}")], alerts=1)
        said = now()
        await asyncio.sleep(MIN_PAUSE_SECONDS)
        assert world.store.asked[-1] == said
        before = len(world.store.asked)
        await asyncio.sleep(5 * (POLL_SECONDS + MIN_PAUSE_SECONDS))
        assert len(world.store.asked) == before + 5, "the word is good for one look"

    play(story)


def test_however_often_it_is_told_it_rests_between_two_looks() -> None:
    async def story(world: World) -> None:
        for _ in range(100):
            world.outbox.stored([(1, b"{}")], alerts=1)
            await asyncio.sleep(MIN_PAUSE_SECONDS / 10)

    assert 9 <= len(play(story).store.asked) <= 11


def test_without_a_connection_nothing_is_asked_for() -> None:
    async def story(world: World) -> None:
        world.session.connected.clear()
        world.outbox.stored([(1, b"{}")], alerts=1)
        await asyncio.sleep(10 * POLL_SECONDS)
        assert world.store.asked == []
        world.session.connected.set()
        await asyncio.sleep(MIN_PAUSE_SECONDS)

    assert play(story, 3).session.numbers == [3]
