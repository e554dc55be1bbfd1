"""Delivers with one producer."""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor

from confluent_kafka import KafkaError, KafkaException

from edge_processor.sinks.kafka.producing.generation import Generation
from edge_processor.sinks.kafka.producing.lane import KafkaLane
from edge_processor.sinks.kafka.producing.link import Link

SHORTEST_POLL_SECONDS = 0.002
"""Time to the next poll if the last one found reports, or if the expected time has passed."""

IN_FLIGHT_POLL_SECONDS = 0.02
"""Maximum time between two polls while records are in flight."""

IDLE_POLL_SECONDS = 0.25

EARLIER, LATER = 0.9, 1.25
"""Factors of the expected time, in seconds, from sending to a report: the first poll has found one, or has not."""

PROBE_PAUSE_SECONDS = 0.5

STALL_SECONDS = 10.0
"""Kafka counts as not connected if it confirms none of the records in flight for this time."""


class Service:
    """What is done while one producer runs: polls for reports, at the time when one is expected.

    A timer of the event loop, without a task: at each poll a task would cost more than the poll.

    Args:
        generation: the producer.
        lanes: in the order in which they hand over records.
        link: gets what happens.
        topic: of the readings.
        is_over: returns whether there is another reason for the next producer.

    Attributes:
        ended: done when another producer must continue; the error, or None if `is_over`.
        has_delivered: whether Kafka has confirmed a record.
    """

    def __init__(
        self,
        generation: Generation,
        lanes: Sequence[KafkaLane],
        link: Link,
        topic: str,
        is_over: Callable[[], bool],
    ) -> None:
        self._generation = generation
        self._lanes = lanes
        self._link = link
        self._topic = topic
        self._is_over = is_over
        self._loop = asyncio.get_running_loop()
        self._moved_at = 0.0
        self._is_first_poll = False
        self._expected_seconds = SHORTEST_POLL_SECONDS
        self._pause_seconds = SHORTEST_POLL_SECONDS
        self._timer = self._loop.call_soon(self._poll)
        self.ended: asyncio.Future[KafkaError | None] = self._loop.create_future()
        self.has_delivered = False

    def stop(self) -> None:
        """Poll no more."""
        self._timer.cancel()

    def wake(self) -> None:
        """Hand over what waits, and poll for reports when they are expected."""
        was_idle = not any(lane.is_in_flight for lane in self._lanes)
        self._pump()
        if was_idle or self._generation.failure is not None:
            self._is_first_poll = True
            self._poll_after(self._expected_seconds)

    def _poll_after(self, seconds: float) -> None:
        self._timer.cancel()
        self._pause_seconds = seconds
        if not self.ended.done():
            self._timer = self._loop.call_later(seconds, self._poll)

    def _poll(self) -> None:
        try:
            self._serve()
        except Exception as error:  # noqa: BLE001 - a timer must not end without `run`
            if not self.ended.done():
                self.ended.set_exception(error)

    def _serve(self) -> None:
        generation, now = self._generation, time.monotonic()
        before = self._unreported_count()
        generation.poll()
        has_moved = self._unreported_count() < before
        error = next(filter(None, [lane.settle() for lane in self._lanes]), None) or generation.failure
        if error is not None or self._is_over():
            if not self.ended.done():
                self.ended.set_result(error)
            return
        if self._is_first_poll:
            self._expect(has_moved=has_moved)
        if has_moved:
            self.has_delivered = True
            self._link.reached(is_proof=True)
        self._pump()
        in_flight = any(lane.is_in_flight for lane in self._lanes)
        if has_moved or not in_flight:
            self._moved_at = now
        elif now - self._moved_at > STALL_SECONDS and self._link.connected.is_set():
            self._link.lost(f"Kafka does not confirm records for {STALL_SECONDS:g} s", until_proof=True)
        self._poll_after(self._next_pause_seconds(in_flight=in_flight, has_moved=has_moved))

    def _expect(self, *, has_moved: bool) -> None:
        expected = self._expected_seconds * (EARLIER if has_moved else LATER)
        self._expected_seconds = min(max(expected, SHORTEST_POLL_SECONDS), IN_FLIGHT_POLL_SECONDS)
        self._is_first_poll = False
        self._pause_seconds = SHORTEST_POLL_SECONDS / 2

    def _next_pause_seconds(self, *, in_flight: bool, has_moved: bool) -> float:
        if has_moved:
            return SHORTEST_POLL_SECONDS
        if not in_flight:
            return IDLE_POLL_SECONDS
        # The expected time has passed: poll often at first.
        return min(2 * self._pause_seconds, IN_FLIGHT_POLL_SECONDS)

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
