"""Publishes stored readings on `cloud/sensors/{id}`."""

import asyncio
import logging
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import orjson

from edge_processor.metrics import ProcessorMetrics
from edge_processor.sinks.sink import REFUSED, RETRY
from edge_service.mqtt import MqttSession
from edge_service.waiting import set_within
from edge_wire import topics

MAX_WAITING = 10_000
"""Maximum number of readings that wait to be published."""

WINDOW = 500
"""Number of readings that are sent before waiting for the broker's acknowledgements."""

POLL_SECONDS = 0.5

logger = logging.getLogger(__name__)


class Fanout:
    """Publishes stored readings in order, each until the broker has acknowledged it.

    While the broker is unreachable and the queue is full, readings are dropped and counted: the store has them.
    """

    name: ClassVar[str] = "fan-out"

    def __init__(self, session: MqttSession, metrics: ProcessorMetrics) -> None:
        self._session = session
        self._metrics = metrics
        self._waiting: deque[Mapping[str, Any]] = deque()
        self._some = asyncio.Event()
        self._moved = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    async def stored(self, readings: Sequence[Mapping[str, Any]]) -> None:
        """Queue `readings`; wait while the queue is full and the broker is connected."""
        while len(self._waiting) >= MAX_WAITING and self._session.connected.is_set():
            self._moved.clear()
            await set_within(self._moved, POLL_SECONDS)
        if len(self._waiting) >= MAX_WAITING:
            self._metrics.unpublished.labels("no_connection").inc(len(readings))
            logger.warning("%d stored readings were not published: not connected to the broker", len(readings))
            return
        self._waiting.extend(readings)
        self._idle.clear()
        self._some.set()

    async def run(self) -> None:
        """Publish until cancelled."""
        while True:
            await self._some.wait()
            await self._session.connected.wait()
            window = [self._waiting.popleft() for _ in range(min(len(self._waiting), WINDOW))]
            self._waiting.extendleft(reversed(await self._publish(window)))
            self._moved.set()
            if not self._waiting:
                self._some.clear()
                self._idle.set()

    async def drained(self) -> None:
        """Wait until all readings are published; return immediately without a connection."""
        if self._session.connected.is_set():
            await self._idle.wait()

    async def _publish(self, window: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Publish readings; return those to publish again, as the connection ended before their acknowledgement."""
        sent = [self._session.send(topics.sensors(each["device_id"]), orjson.dumps(each)) for each in window]
        answers = await asyncio.gather(*sent, return_exceptions=True)
        again: list[Mapping[str, Any]] = []
        for reading, answer in zip(window, answers, strict=True):
            if isinstance(answer, RETRY):
                again.append(reading)
            elif isinstance(answer, REFUSED):
                self._metrics.unpublished.labels("refused").inc()
                logger.warning("a stored reading of %s was not published: %s", reading["device_id"], answer)
            else:
                self._metrics.published.inc()
        return again
