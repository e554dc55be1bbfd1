"""Kafka as a destination of readings and alerts."""

import asyncio
import contextlib
from collections.abc import Sequence

from edge_processor.delivery.destination import AlertsRefusedError, DeliveryError, LaneName, Sender
from edge_processor.delivery.ledger import Entry
from edge_processor.settings import ProcessorSettings
from edge_processor.sinks.kafka.address import kafka_brokers
from edge_processor.sinks.kafka.producing.daemon_thread import DaemonThread
from edge_processor.sinks.kafka.producing.lane import KafkaLane
from edge_processor.sinks.kafka.producing.link import Link
from edge_processor.sinks.kafka.producing.producers import Producers
from edge_processor.sinks.kafka.records import alert_record, reading_record
from edge_wire.store import OutboxAlert

ALERTS_SECONDS = 15.0
"""Maximum time for the confirmation of alerts; the caller tries again."""

END_SECONDS = 3.0
"""Maximum time to wait for the end of librdkafka's threads."""

ALERT_BYTES = 500
"""Approximate size of an alert."""


class KafkaDestination:
    """One producer for all lanes.

    Args:
        settings: of the processor.
        log_id: identifier of the store's log.

    Attributes:
        connected: set while the last attempt to reach Kafka succeeded.

    Raises:
        ValueError: the settings name no brokers.
    """

    def __init__(self, settings: ProcessorSettings, log_id: str) -> None:
        brokers = kafka_brokers(settings.output_sink, settings.kafka_broker)
        site = f"{settings.edge_namespace}/{settings.edge_site}"
        self._link = Link(brokers, settings.kafka_topic)
        self.connected = self._link.connected
        record = reading_record(site, log_id)
        self._lanes: dict[LaneName, KafkaLane] = {
            name: KafkaLane(settings.kafka_topic, record, _size_bytes, self._changed, is_patient=True)
            for name in ("live", "backlog")
        }
        alerts = settings.kafka_alerts_topic
        self._alerts = KafkaLane(
            alerts, alert_record(site, log_id), lambda _: ALERT_BYTES, self._changed, is_patient=False
        )
        # Live first: what both hand over in the same turn goes out in this order.
        lanes = (self._lanes["live"], self._alerts, self._lanes["backlog"])
        self._producers = Producers(settings, brokers, self._link, lanes)
        self._running = asyncio.Lock()

    @property
    def last_error(self) -> str:
        """Why the last attempt to reach Kafka failed, for people; empty if it succeeded."""
        return self._link.last_error

    def sender(self, lane: LaneName) -> Sender:
        """Return the sender of a lane."""
        return self._lanes[lane]

    async def send_alerts(self, alerts: Sequence[OutboxAlert]) -> None:
        """Deliver one or more alerts, in order; return when each is confirmed.

        Raises:
            AlertsRefusedError: Kafka rejects some of them.
            DeliveryError: Kafka cannot be reached, or did not confirm: some may be delivered.
        """
        try:
            async with asyncio.timeout(ALERTS_SECONDS):
                outcome = await self._alerts.send(alerts)
        except TimeoutError:
            why = self.last_error or f"Kafka did not confirm alerts within {ALERTS_SECONDS:g} s"
            raise DeliveryError(why) from None
        if outcome.refused:
            raise AlertsRefusedError(outcome.refused)

    async def run(self) -> None:
        """Deliver until cancelled. A second call waits, and continues if the first one is cancelled."""
        async with self._running:
            thread = DaemonThread("kafka")
            try:
                await self._producers.run(thread)
            finally:
                self.connected.clear()
                await _ended(thread)

    def _changed(self) -> None:
        self._producers.wake()


async def _ended(thread: DaemonThread) -> None:
    """Wait for the thread that ends librdkafka's threads, unless one of these resolves a name: that can take long."""
    with contextlib.suppress(asyncio.CancelledError, TimeoutError):
        async with asyncio.timeout(END_SECONDS):
            await asyncio.wrap_future(thread.end())


def _size_bytes(entry: Entry) -> int:
    return len(entry[1])
