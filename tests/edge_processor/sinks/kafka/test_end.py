"""Kafka that is away: what is left in memory, and how long the end takes."""

import asyncio
import threading
import time

import pytest

from edge_processor.settings import ProcessorSettings
from edge_processor.sinks.kafka import destination as product
from edge_processor.sinks.kafka import kafka_destination
from edge_processor.sinks.kafka.producing.generation import Generation
from edge_processor.sinks.kafka.producing.lane import KafkaLane
from edge_processor.sinks.kafka.records import alert_record
from edge_wire.store import OutboxAlert

AWAY = ProcessorSettings(output_sink="kafka://127.0.0.1:9")


async def test_alerts_that_nobody_waits_for_are_forgotten() -> None:
    record = alert_record("factory/berlin", "a" * 32)
    lane = KafkaLane("alerts", record, lambda _: 1, lambda: None, is_patient=False)
    for number in range(3):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await lane.send([OutboxAlert(number, {"device_id": "d1"})])
    assert not lane.is_busy


async def test_the_end_does_not_wait_for_a_name_that_is_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    resolved = threading.Event()
    monkeypatch.setattr(Generation, "free", lambda _: resolved.wait(30.0))
    running = asyncio.create_task(kafka_destination(AWAY, "a" * 32).run())
    await asyncio.sleep(0.2)
    began = time.monotonic()
    running.cancel()
    await asyncio.wait({running})
    resolved.set()
    assert time.monotonic() - began < product.END_SECONDS + 3.0
