"""Publishes stored readings on `cloud/sensors/{id}`, at least once."""

import asyncio
import functools
import logging
import math
from collections.abc import Mapping, Sequence
from typing import ClassVar

from edge_mqtt5 import Bulk, reason_name
from edge_processor.delivery.destination import LaneName, Outcome, Sender
from edge_processor.delivery.lanes.lane import LaneOptions
from edge_processor.delivery.ledger import Entry
from edge_processor.delivery.reading_sink import ReadingSink, SinkOptions
from edge_processor.metrics import ProcessorMetrics
from edge_processor.session import IngestSession
from edge_service.store import StoreClient
from edge_wire import topics
from edge_wire.store import CLOUD_SENSORS
from edge_wire.store.line import device_id_of

# A batch of the backlog takes half as much of the broker's time as one of live readings.
OPTIONS = SinkOptions(CLOUD_SENSORS, LaneOptions(500), LaneOptions(250), drain_seconds=60.0)

CACHED_TOPICS = 4096
"""Number of devices with a topic in the cache."""

_UNNAMED = "its device id cannot be a level of a topic"

logger = logging.getLogger(__name__)


class SiteBroker:
    """The sender to the site's broker; the only place that depends on how the session sends many messages."""

    def __init__(self, session: IngestSession) -> None:
        self._session = session

    def send(self, entries: Sequence[Entry]) -> asyncio.Future[Outcome]:
        """Publish readings with QoS 1, in order; the future is done when each is acknowledged or rejected.

        The session sends again what was not acknowledged when a connection ended.
        """
        done: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        messages = [(topic, line) for _, line in entries if (topic := _topic(device_id_of(line)))]
        positions: Sequence[int] = range(len(entries))
        unnamed: tuple[tuple[int, str], ...] = ()
        if len(messages) < len(entries):
            positions = [at for at, (_, line) in enumerate(entries) if _topic(device_id_of(line))]
            unnamed = tuple((at, _UNNAMED) for at in sorted({*range(len(entries))}.difference(positions)))

        def moved(bulk: Bulk) -> None:
            if bulk.is_complete and not done.done():
                refused = tuple((positions[index], reason_name(why)) for index, why in bulk.refused.items())
                done.set_result(Outcome(unnamed + refused))

        if messages:
            self._session.publish_many(messages, moved)
        else:
            done.set_result(Outcome(unnamed))
        return done


class Sensors:
    """Publishes every stored reading on the site's broker; what the broker rejects is counted and logged."""

    name: ClassVar[str] = "sensors"

    def __init__(self, session: IngestSession, store: StoreClient, token: int, metrics: ProcessorMetrics) -> None:
        self._metrics = metrics
        broker = SiteBroker(session)
        # The session keeps the order of both lanes.
        senders: Mapping[LaneName, Sender] = {"live": broker, "backlog": broker}
        self._sink = ReadingSink(OPTIONS, session.connected, senders, store, token, self._count)

    def stored(self, entries: Sequence[Entry], alerts: int) -> None:
        """Publish newly stored readings; what cannot be queued is left to the backlog.

        Args:
            entries: the readings, one or more.
            alerts: number of alerts about them, which have their own sink.
        """
        self._sink.stored(entries, alerts)

    def stored_elsewhere(self, newest_offset: int) -> None:
        """Publish soon what the store has up to `newest_offset` and what did not pass through this ingester."""
        self._sink.stored_elsewhere(newest_offset)

    async def drained(self) -> None:
        """Wait until the live readings are published, then write the cursor; without a connection only write it."""
        await self._sink.drained()

    async def run(self) -> None:
        """Publish until cancelled.

        Raises:
            FencedError: another replica is the ingester.
        """
        self._metrics.unsent.set_function(lambda: self._sink.ledger.pending_readings)
        try:
            await self._sink.run()
        finally:
            self._metrics.unsent.set_function(lambda: math.nan)

    def _count(self, batch: Sequence[Entry], outcome: Outcome) -> None:
        for position, error in outcome.refused:
            logger.warning("the stored reading with offset %d was not published: %s", batch[position][0], error)
        if outcome.refused:
            self._metrics.unpublished.labels("refused").inc(len(outcome.refused))
        self._metrics.published.inc(len(batch) - len(outcome.refused))


@functools.lru_cache(CACHED_TOPICS)
def _topic(device_id: bytes) -> bytes:
    """Return the topic of a device; empty if its id cannot be a level of a topic."""
    try:
        return topics.sensors(device_id.decode()).encode()
    except ValueError:
        return b""
