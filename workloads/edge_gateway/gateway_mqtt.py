"""The gateway's session with the broker: kept up, told of on connecting, published on."""

import asyncio
import datetime as dt
import logging
import math
import secrets
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from prometheus_client import Counter

from edge_gateway.devices.table import DeviceTable
from edge_gateway.mqtt_handler import COMPONENT, CONNECTION, MqttHandler
from edge_gateway.problem import unavailable
from edge_service.mqtt import NO_MATCHING_SUBSCRIBERS, Message, MqttError, MqttOptions, MqttSession
from edge_service.program import release
from edge_service.waiting import set_within
from edge_wire import topics
from edge_wire.messages import Command, ComponentStatus, DeviceStatus

OWN_STATUS_SECONDS = 5.0
"""So long is waited for our own status to come back, which says that the broker has told all it had retained."""

logger = logging.getLogger(__name__)


class GatewayMqtt:
    """The gateway's session with the broker.

    Args:
        options: how the session is to be.
        table: told when the broker begins and when it has ended to tell all that it has retained.
        lost: called when the connection has ended, or none could be made.
        reached: called when it has told all.
        unpublished: counts readings that could not be published.
        now: the time (aware).

    Attributes:
        session: to be run.
    """

    def __init__(
        self,
        options: MqttOptions,
        table: DeviceTable,
        lost: Callable[[], None],
        reached: Callable[[], None],
        unpublished: Counter,
        now: Callable[[], dt.datetime],
    ) -> None:
        self.session = MqttSession(options, on_message=self._received, on_connected=self._connected, on_down=self._lost)
        self._table = table
        self._on_lost = lost
        self._reached = reached
        self._unpublished = unpublished
        self._now = now
        self._instance = options.client_id
        self._handler: MqttHandler | None = None
        self._connection = ""
        self._connection_number = 0
        self._own_status_received = asyncio.Event()

    def listen(self, handler: MqttHandler) -> None:
        """Give what comes to `handler`."""
        self._handler = handler

    @property
    def connected(self) -> bool:
        """Whether there is a connection now."""
        return self.session.connected.is_set()

    def check_connected(self) -> None:
        """Return if there is a connection.

        Raises:
            ProblemError: there is none: 503.
        """
        if not self.connected:
            detail = f"cannot reach the site's broker: try again ({self.session.last_error})"
            raise unavailable("BrokerUnavailable", detail)

    def own_status_received(self, connection: object) -> None:
        """Note that a status of this component has come by which `connection` was named."""
        if connection == self._connection:
            self._own_status_received.set()

    async def command(self, device_id: str, command: Command) -> bool:
        """Publish a command; return whether the device has a session that it waits in, until it expires.

        Raises:
            MqttError: it could not be published, or nobody knows whether.
        """
        expiry = max(1, math.ceil((command.expires_at - self._now()).total_seconds()))
        reason = await self.session.publish(topics.device_command(device_id), command.encode(), expiry=expiry)
        return reason != NO_MATCHING_SUBSCRIBERS

    async def status(self, status: DeviceStatus) -> None:
        """Publish a device's retained status.

        Raises:
            ProblemError: the broker is away.
        """
        self.check_connected()
        try:
            await self.session.publish(topics.device_status(status.id), status.encode(), retain=True)
        except MqttError as error:
            raise unavailable(
                "BrokerUnavailable", f"the status of device {status.id} was not published: {error}"
            ) from error

    async def activity(self, payload: bytes) -> None:
        """Publish which devices were heard.

        Raises:
            MqttError: it could not be published.
        """
        await self.session.publish(topics.ACTIVITY, payload)

    def reading(self, device_id: str, reading: Mapping[str, Any]) -> None:
        """Publish a stored reading, for whoever listens; nobody waits for it."""
        self.session.send(topics.sensors(device_id), orjson.dumps(reading)).add_done_callback(self._published)

    def _published(self, done: asyncio.Future[Any]) -> None:
        if not done.cancelled() and (error := done.exception()) is not None:
            self._unpublished.inc()
            logger.warning("a stored reading was not published: %s", error)

    def _received(self, message: Message) -> None:
        self._begin()
        if self._handler is not None:
            self._handler.take(message)

    def _begin(self) -> None:
        # What comes while a connection is still being opened belongs to it already.
        connection = self.session.connects + (0 if self.connected else 1)
        if connection != self._connection_number:
            self._connection_number = connection
            self._table.begin_resync()

    def _lost(self, _error: MqttError) -> None:
        self._connection_number = 0
        self._on_lost()

    async def _connected(self, _session_present: bool) -> None:  # noqa: FBT001 - the shape of the session's callback
        self._begin()
        self._own_status_received.clear()
        self._connection = secrets.token_hex(8)
        said = {CONNECTION: self._connection}
        status = ComponentStatus(COMPONENT, "online", self._instance, release(), self._now(), said)
        await self.session.publish(topics.component_status(COMPONENT), status.encode(), retain=True)
        if not await set_within(self._own_status_received, OWN_STATUS_SECONDS):
            logger.warning(
                "the broker did not send our own status back; assuming that the retained messages received in %.0f s"
                " are complete",
                OWN_STATUS_SECONDS,
            )
        self._table.end_resync()
        self._reached()
        await self.session.publish(topics.ACTIVITY_REQUEST, b"{}")
