"""Delivers with one producer."""

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import Executor

from confluent_kafka import KafkaError, KafkaException

from edge_processor.sinks.kafka.producing.generation import Generation
from edge_processor.sinks.kafka.producing.lane import KafkaLane
from edge_processor.sinks.kafka.producing.link import Link
from edge_service.waiting import set_within

FIRST_POLL_SECONDS = 0.002
"""Time to the first look for reports after records were handed over, and between two looks that find some."""

IN_FLIGHT_POLL_SECONDS = 0.02
"""Maximum time between two looks while records are in flight."""

IDLE_POLL_SECONDS = 0.25

PROBE_PAUSE_SECONDS = 0.5

STALL_SECONDS = 10.0
"""Kafka counts as not connected if it confirms none of the records in flight for this time."""


class Service:
    """What is done while one producer runs.

    Args:
        generation: the producer.
        lanes: in the order in which they hand over records.
        link: gets what happens.
        topic: of the readings.

    Attributes:
        has_delivered: whether Kafka has confirmed a record.
    """

    def __init__(self, generation: Generation, lanes: Sequence[KafkaLane], link: Link, topic: str) -> None:
        self._generation = generation
        self._lanes = lanes
        self._link = link
        self._topic = topic
        self._wake = asyncio.Event()
        self._moved_at = 0.0
        self._pause = FIRST_POLL_SECONDS
        self.has_delivered = False

    def wake(self) -> None:
        """Hand over what waits, and look for reports soon."""
        self._pump()
        self._wake.set()

    def poll(self) -> KafkaError | None:
        """Serve the reports that are there, and hand over what waits; return why another producer must continue."""
        generation, now = self._generation, time.monotonic()
        before = self._unreported_count()
        generation.poll()
        has_moved = self._unreported_count() < before
        error = next(filter(None, [lane.settle() for lane in self._lanes]), None) or generation.failure
        if error is not None:
            return error
        if has_moved:
            self.has_delivered = True
            self._link.reached(is_proof=True)
        in_flight = any(lane.is_in_flight for lane in self._lanes)
        if has_moved or not in_flight:
            self._moved_at = now
        elif now - self._moved_at > STALL_SECONDS:
            self._link.lost(f"Kafka does not confirm records for {STALL_SECONDS:g} s", until_proof=True)
        self._pump()
        longest = IN_FLIGHT_POLL_SECONDS if in_flight else IDLE_POLL_SECONDS
        self._pause = FIRST_POLL_SECONDS if has_moved else min(2 * self._pause, longest)
        return generation.failure

    async def wait(self) -> None:
        """Wait until it is time to poll."""
        if await set_within(self._wake, self._pause):
            self._wake.clear()
            self._pause = FIRST_POLL_SECONDS

    async def watch(self, thread: Executor) -> None:
        """Ask Kafka for the topic at the begin and after errors, until cancelled.

        Args:
            thread: waits for the answer.
        """
        link = self._link
        while True:
            link.doubt.clear()
            error = await self._generation.probe(self._topic, thread)
            if error is None:
                self._generation.is_open = True
                link.reached(is_proof=not any(lane.is_busy for lane in self._lanes))
                self.wake()
                await link.doubt.wait()
            else:
                link.failed(error)
                await asyncio.sleep(PROBE_PAUSE_SECONDS)

    def _unreported_count(self) -> int:
        return sum(lane.unreported_count for lane in self._lanes)

    def _pump(self) -> None:
        generation = self._generation
        if not generation.is_open or generation.failure is not None:
            return
        try:
            for lane in self._lanes:
                lane.pump(generation.producer)
        except KafkaException as error:
            generation.failure = error.args[0]
