"""Publishes the alerts in the store's outbox."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import orjson

from edge_processor.delivery.errors import REFUSED, RETRY
from edge_processor.delivery.ledger import Entry
from edge_processor.metrics import ProcessorMetrics
from edge_service.mqtt import MqttSession
from edge_service.store import StoreClient
from edge_service.waiting import set_within
from edge_wire import topics
from edge_wire.store import OutboxAlert

POLL_SECONDS = 2.0
"""Seconds between two reads of the outbox if nothing was stored: an earlier ingester may have left alerts."""

MIN_PAUSE_SECONDS = 0.1
"""Minimum seconds between two reads, however much is stored."""

EXACTLY_ONCE_QOS = 2

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Outbox:
    """Publishes alerts with QoS 2, oldest first, and marks each as sent when the broker has acknowledged it.

    Attributes:
        store: has the outbox.
        session: publishes the alerts.
        token: of the lease; the store rejects an old one.
        metrics: of the processor.
    """

    name: ClassVar[str] = "outbox"

    store: StoreClient
    session: MqttSession
    token: int
    metrics: ProcessorMetrics
    _wake: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _idle: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    def __post_init__(self) -> None:
        """There is nothing to send yet."""
        self._idle.set()

    def stored(self, entries: Sequence[Entry], alerts: int) -> None:  # noqa: ARG002 - the store has the alerts
        """Read the outbox soon if the number of `alerts` about the readings is not 0."""
        if alerts:
            self._idle.clear()
            self._wake.set()

    def stored_elsewhere(self, newest_offset: int) -> None:  # noqa: ARG002 - the outbox has no offsets
        """Read the outbox soon: there may be alerts about these readings."""
        self._wake.set()

    async def run(self) -> None:
        """Publish until cancelled.

        Raises:
            FencedError: another replica is the ingester.
        """
        while True:
            await set_within(self._wake, POLL_SECONDS)
            await self.session.connected.wait()
            self._wake.clear()
            try:
                while await self._send_some():
                    pass
            except RETRY as error:
                logger.warning("alerts wait: %s", error)
            if not self._wake.is_set():
                self._idle.set()
            await asyncio.sleep(MIN_PAUSE_SECONDS)

    async def drained(self) -> None:
        """Wait until the alerts are published, or until an attempt has failed: the next ingester gets the others."""
        if self.session.connected.is_set():
            await self._idle.wait()

    async def _send_some(self) -> bool:
        """Publish the oldest alerts; return whether there may be more.

        Raises:
            FencedError: another replica is the ingester.
            StoreUnavailableError: the store is unavailable; published alerts may be published again.
            StoreRefusedError: the store rejects the request.
            NotConnectedError: there is no connection to the broker.
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
            await self.session.publish(topics.alerts(alert["device_id"]), orjson.dumps(alert), EXACTLY_ONCE_QOS)
        except REFUSED as error:
            # It stays in the store's history; retrying forever would block all others.
            self.metrics.alerts.labels("refused").inc()
            logger.error("cannot publish the alert %s: %s", alert.get("alert_id"), error)  # noqa: TRY400
        else:
            self.metrics.alerts.labels(alert["state"]).inc()
