"""What the processor says of itself on `edge/status/processor`, retained."""

import datetime as dt
import logging
from typing import Literal

from edge_service.mqtt import MqttError, MqttSession, Will
from edge_service.program import release
from edge_wire import topics
from edge_wire.messages import PROCESSOR, ComponentStatus

TOPIC = topics.component_status(PROCESSOR)

logger = logging.getLogger(__name__)


class StatusPublisher:
    """Says that the ingester is there, and lets the broker say when it is not."""

    def __init__(self, instance: str) -> None:
        self._instance = instance

    def will(self) -> Will:
        """Return what the broker is to say if the connection ends without a goodbye."""
        return Will(TOPIC, self._payload("offline"), retain=True)

    async def publish_online(self, session: MqttSession) -> None:
        """Say that this replica is the ingester."""
        await self._publish(session, "online")

    async def publish_offline(self, session: MqttSession) -> None:
        """Say goodbye."""
        await self._publish(session, "offline")

    async def _publish(self, session: MqttSession, status: Literal["online", "offline"]) -> None:
        try:
            await session.publish(TOPIC, self._payload(status), retain=True)
        except MqttError as error:
            logger.warning("cannot publish the processor's status: %s", error)

    def _payload(self, status: Literal["online", "offline"]) -> bytes:
        now = dt.datetime.now(dt.UTC)
        return ComponentStatus(PROCESSOR, status, self._instance, release(), now).encode()
