"""Kafka as a destination, with a node that is killed, stopped, or not there."""

import asyncio
import signal
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from e2e.kafka.node import Kafka
from edge_processor.delivery.destination import DeliveryError, Outcome
from edge_processor.sinks.kafka import kafka_destination
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

ALERT = OutboxAlert(1, {"device_id": "sensor-001", "alert_id": "a-1", "state": "firing"})


async def first_after(kafka: Kafka, sent: "asyncio.Task[object]") -> float:
    """Start Kafka; return the seconds from its listening to the end of `sent`."""
    kafka.launch()
    while not kafka.listens():
        await asyncio.sleep(0.02)
    began = time.monotonic()
    await sent
    return time.monotonic() - began


async def test_kill_9_amid_readings_loses_nothing_and_keeps_the_order(kafka: Callable[..., Kafka]) -> None:
    node = kafka()
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
    lanes = [[record for record in records if (int(record.headers["offset"]) > 20_000) is old] for old in (False, True)]
    check(lanes[0], readings(1, 20_000))
    check(lanes[1], readings(20_001, 20_000))


async def test_readings_arrive_within_5_s_when_kafka_is_back_after_a_long_time(kafka: Callable[..., Kafka]) -> None:
    node = kafka()
    create_topic(node, "away")
    node.stop()
    async with running(settings(node.brokers, "away")) as destination:
        sent = asyncio.create_task(deliver(destination, readings(1, 200)))
        await is_said(destination, "Kafka cannot be reached")
        await asyncio.sleep(AWAY_SECONDS)
        assert await first_after(node, sent) < BACK_SECONDS
        assert destination.connected.is_set()
        # The same once more with a producer that was connected.
        node.kill()
        sent = asyncio.create_task(deliver(destination, readings(201, 200)))
        await is_said(destination, "Kafka cannot be reached")
        with pytest.raises(DeliveryError, match="cannot be reached"):
            await destination.send_alerts([ALERT])
        assert await first_after(node, sent) < BACK_SECONDS
    assert check(read_topic(node, "away"), readings(1, 400)) == 0


async def test_a_kafka_that_stops_answering_is_not_connected_and_loses_nothing(kafka: Callable[..., Kafka]) -> None:
    node = kafka()
    create_topic(node, "frozen")
    async with running(settings(node.brokers, "frozen")) as destination:
        await deliver(destination, readings(1, 1000))
        node.signal(signal.SIGSTOP)
        sent = asyncio.create_task(deliver(destination, readings(1001, 20_000)))

        async with asyncio.timeout(15.0):
            while destination.connected.is_set():
                await asyncio.sleep(0.02)
        assert destination.last_error
        began = time.monotonic()
        node.signal(signal.SIGCONT)
        await until("connected", destination.connected, BACK_SECONDS)
        await sent
        assert time.monotonic() - began < 2 * BACK_SECONDS
    check(read_topic(node, "frozen"), readings(1, 21_000))


@pytest.mark.parametrize("state", ["frozen", "killed", "never there"])
async def test_the_end_does_not_wait_for_kafka(state: str, kafka: Callable[..., Kafka]) -> None:
    node = kafka()
    create_topic(node, "end")
    if state == "never there":
        node.stop()
    async with running(settings(node.brokers, "end")) as destination:
        if state != "never there":
            await deliver(destination, readings(1, 100))
        if state == "frozen":
            node.signal(signal.SIGSTOP)
        elif state == "killed":
            node.kill()
        unsent = asyncio.ensure_future(destination.sender("live").send(readings(101, 5000)))
        await asyncio.sleep(1.0)
        assert not unsent.done()


async def test_a_destination_that_runs_again_continues_with_what_was_not_confirmed(kafka: Callable[..., Kafka]) -> None:
    node = kafka()
    create_topic(node, "again")
    destination = kafka_destination(settings(node.brokers, "again"), LOG_ID)
    for round_ in range(2):
        task = asyncio.create_task(destination.run())
        if round_ == 0:
            await until("connected", destination.connected)
            node.signal(signal.SIGSTOP)
            sent = asyncio.create_task(deliver(destination, readings(1, 3000)))
            await asyncio.sleep(0.5)
        else:
            node.signal(signal.SIGCONT)
            await sent
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    check(read_topic(node, "again"), readings(1, 3000))
