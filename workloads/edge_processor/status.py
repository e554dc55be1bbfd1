"""The processor's retained status on `edge/status/processor`."""

import datetime as dt
import logging
from collections.abc import Sequence
from typing import Any, Literal

from edge_service.mqtt import MqttError, MqttSession, Will
from edge_service.program import release
from edge_wire import topics
from edge_wire.messages import PROCESSOR, ComponentStatus, StorageReport, sinks, storage
from edge_wire.messages.sinks import SinkReport

TOPIC = topics.component_status(PROCESSOR)

logger = logging.getLogger(__name__)


class StatusPublisher:
    """Publishes that the ingester is online; the will publishes that it is not.

    Attributes:
        storage: state of the store's volume, which is published too; None if it is unknown.
        sinks: state of the sinks outside the site, which is published too; None if it is unknown.
    """

    def __init__(self, instance: str) -> None:
        self._instance = instance
        self.storage: StorageReport | None = None
        self.sinks: Sequence[SinkReport] | None = None

    def will(self) -> Will:
        """Return the will: the broker publishes it if the connection ends without a DISCONNECT."""
        return Will(TOPIC, self._payload("offline"), retain=True)

    async def publish_online(self, session: MqttSession) -> None:
        """Publish that this replica is the ingester."""
        await self._publish(session, "online")

    async def publish_offline(self, session: MqttSession) -> None:
        """Publish that this replica is no longer the ingester."""
        await self._publish(session, "offline")

    async def _publish(self, session: MqttSession, status: Literal["online", "offline"]) -> None:
        try:
            await session.publish(TOPIC, self._payload(status), retain=True)
        except MqttError as error:
            logger.warning("cannot publish the processor's status: %s", error)

    def _payload(self, status: Literal["online", "offline"]) -> bytes:
        now = dt.datetime.now(dt.UTC)
        extra: dict[str, Any] = {}
        if self.storage is not None:
            extra[storage.MEMBER] = self.storage.to_object()
        if self.sinks is not None:
            extra[sinks.MEMBER] = [each.to_object() for each in self.sinks]
        return ComponentStatus(PROCESSOR, status, self._instance, release(), now, extra).encode()
