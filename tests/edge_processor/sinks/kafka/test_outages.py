"""Kafka as a destination, with a node that is killed, stopped, or not there."""

import asyncio
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from e2e.kafka.node import Kafka
from edge_processor.delivery.destination import DeliveryError, Outcome
from edge_processor.sinks.kafka import KafkaSink, kafka_destination
from edge_wire.store import OutboxAlert
from tests.edge_processor.sinks.kafka.at_kafka import (
    LOG_ID,
    check,
    deliver,
    is_said,
    readings,
    running,
    settings,
    until,
)
from tests.support.kafka import create_topic, read_topic

AWAY_SECONDS = 15.0
BACK_SECONDS = 5.0
"""Maximum time from a Kafka that takes connections again to the first confirmation."""

STALL_SECONDS = 15.0
"""Maximum time until a Kafka that does not answer counts as not connected."""

ALERT = OutboxAlert(1, {"device_id": "sensor-001", "alert_id": "a-1", "state": "firing"})


@pytest.fixture
def node(module_kafka: Kafka) -> Iterator[Kafka]:
    """Kafka, which runs, whatever the test before did to it."""
    module_kafka.start()
    yield module_kafka
    module_kafka.signal(signal.SIGCONT)


@contextmanager
def frozen(node: Kafka) -> Iterator[None]:
    node.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        node.signal(signal.SIGCONT)


async def seconds_to(sent: "asyncio.Task[list[Outcome]]", node: Kafka) -> float:
    """Start Kafka; return the seconds from its first connection to the confirmation."""
    node.launch()
    async with asyncio.timeout(60.0):
        while not node.listens():  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(0.02)
    began = time.monotonic()
    await sent
    return time.monotonic() - began


async def is_lost(destination: KafkaSink, seconds: float = STALL_SECONDS) -> None:
    async with asyncio.timeout(seconds):
        while destination.connected.is_set():  # noqa: ASYNC110 - for its end it has no event
            await asyncio.sleep(0.02)
    assert destination.last_error


async def test_kill_9_amid_readings_loses_nothing_and_keeps_the_order(node: Kafka) -> None:
    create_topic(node, "killed")
    async with running(settings(node.brokers, "killed")) as destination:
        await until("connected", destination.connected)
        live = asyncio.create_task(deliver(destination, readings(1, 20_000), batch=200))
        backlog = asyncio.create_task(deliver(destination, readings(20_001, 20_000), "backlog"))
        await asyncio.sleep(0.1)
        node.kill()
        assert not live.done()
        assert not backlog.done()
        await asyncio.to_thread(node.start)
        assert set(await live + await backlog) == {Outcome()}
        assert destination.connected.is_set()
    records = read_topic(node, "killed")
    for first in (1, 20_001):
        own = [record for record in records if first <= int(record.headers["offset"]) < first + 20_000]
        check(own, readings(first, 20_000))


async def test_readings_arrive_within_5_s_when_kafka_is_back_after_a_long_time(node: Kafka) -> None:
    create_topic(node, "away")
    node.stop()
    async with running(settings(node.brokers, "away")) as destination:
        sent = asyncio.create_task(deliver(destination, readings(1, 200)))
        await is_said(destination, "Kafka cannot be reached")
        await asyncio.sleep(AWAY_SECONDS)
        assert await seconds_to(sent, node) < BACK_SECONDS
        assert destination.connected.is_set()
        # Once more with a producer that was connected.
        node.kill()
        sent = asyncio.create_task(deliver(destination, readings(201, 200)))
        await is_said(destination, "Connection refused")
        with pytest.raises(DeliveryError, match="Kafka cannot be reached"):
            await destination.send_alerts([ALERT])
        assert await seconds_to(sent, node) < BACK_SECONDS
    assert check(read_topic(node, "away"), readings(1, 400)) == 0


async def test_a_kafka_that_stops_answering_is_not_connected_and_loses_nothing(node: Kafka) -> None:
    create_topic(node, "frozen")
    async with running(settings(node.brokers, "frozen")) as destination:
        await deliver(destination, readings(1, 1000))
        with frozen(node):
            sent = asyncio.create_task(deliver(destination, readings(1001, 20_000)))
            await is_lost(destination)
        await until("connected", destination.connected, BACK_SECONDS)
        await sent
    check(read_topic(node, "frozen"), readings(1, 21_000))


async def test_the_end_does_not_wait_for_kafka(node: Kafka) -> None:
    create_topic(node, "end")
    # `running` measures the end.
    async with running(settings(node.brokers, "end")) as destination:
        await deliver(destination, readings(1, 100))
        node.signal(signal.SIGSTOP)
        unsent = destination.sender("live").send(readings(101, 5000))
        await asyncio.sleep(1.0)
        assert not unsent.done()
    node.kill()
    async with running(settings(node.brokers, "end")) as destination:
        unsent = destination.sender("live").send(readings(101, 5000))
        await is_said(destination, "Kafka cannot be reached")
        assert not unsent.done()


async def test_a_destination_that_runs_again_continues_with_what_was_not_confirmed(node: Kafka) -> None:
    create_topic(node, "again")
    destination = kafka_destination(settings(node.brokers, "again"), LOG_ID)
    first = asyncio.create_task(destination.run())
    await until("connected", destination.connected)
    with frozen(node):
        sent = asyncio.create_task(deliver(destination, readings(1, 3000)))
        await asyncio.sleep(0.5)
        await end(first)
        assert not sent.done()
    second = asyncio.create_task(destination.run())
    await sent
    await end(second)
    check(read_topic(node, "again"), readings(1, 3000))


async def end(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
