"""Sends the alerts that wait in the store's outbox."""

import asyncio
import logging
from dataclasses import dataclass, field

import orjson

from edge_processor.metrics import ProcessorMetrics
from edge_service.mqtt import MqttSession, NotConnectedError, PublishRefusedError
from edge_service.store import StoreClient, StoreRefusedError
from edge_service.waiting import set_within
from edge_wire import topics
from edge_wire.store import OutboxAlert, StoreUnavailableError

POLL_SECONDS = 1.0
"""How often the outbox is looked into: other doors than MQTT fill it as well."""

LEAST_SECONDS = 0.1
"""Between two looks, however much is stored."""

EXACTLY_ONCE = 2

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Outbox:
    """Publishes alerts with QoS 2, oldest first, and marks each sent when the broker has it.

    Attributes:
        store: whose outbox it is.
        session: to send by.
        token: of the lease; the store refuses an old one.
        metrics: where it is counted.
    """

    store: StoreClient
    session: MqttSession
    token: int
    metrics: ProcessorMetrics
    _look: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    def look(self) -> None:
        """Say that something was stored: there may be an alert."""
        self._look.set()

    async def run(self) -> None:
        """Send until cancelled.

        Raises:
            FencedError: another replica is the ingester.
        """
        while True:
            await set_within(self._look, POLL_SECONDS)
            await self.session.connected.wait()
            self._look.clear()
            try:
                while await self._send_some():
                    pass
            except (StoreUnavailableError, StoreRefusedError, NotConnectedError) as error:
                logger.warning("alerts wait: %s", error)
            await asyncio.sleep(LEAST_SECONDS)

    async def _send_some(self) -> bool:
        """Send the oldest alerts; whether there may be more.

        Raises:
            FencedError: another replica is the ingester.
            StoreUnavailableError: the store is away; what was sent may be sent again.
            StoreRefusedError: the store does not understand.
            NotConnectedError: the broker is away.
        """
        waiting = await self.store.alerts_to_send()
        sent: list[int] = []
        try:
            for each in waiting:
                await self._send(each)
                sent.append(each.id)
        finally:
            if sent:
                await self.store.alerts_sent(sent, token=self.token)
        return bool(waiting)

    async def _send(self, waiting: OutboxAlert) -> None:
        alert = waiting.alert
        try:
            await self.session.publish(topics.alerts(alert["device_id"]), orjson.dumps(alert), EXACTLY_ONCE)
        except PublishRefusedError as error:
            # It stays in the store's history; to try it for ever would hold up all others.
            self.metrics.alerts.labels("refused").inc()
            logger.error("cannot publish the alert %s: %s", alert.get("alert_id"), error)  # noqa: TRY400
        else:
            self.metrics.alerts.labels(alert["state"]).inc()
