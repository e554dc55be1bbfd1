"""The gateway's MQTT session: reconnects, resynchronises the device table, publishes."""

import asyncio
import datetime as dt
import logging
import math
import secrets
from collections.abc import Callable

from edge_gateway.devices.table import DeviceTable
from edge_gateway.mqtt_handler import COMPONENT, CONNECTION, MqttHandler
from edge_gateway.problem import unavailable
from edge_service.mqtt import NO_MATCHING_SUBSCRIBERS, NOT_YET, Message, MqttError, MqttOptions, MqttSession
from edge_service.program import release
from edge_service.waiting import set_within
from edge_wire import topics
from edge_wire.messages import Command, ComponentStatus, DeviceStatus

OWN_STATUS_SECONDS = 5.0
"""Seconds to wait for our own status, which shows that the broker has sent all retained messages."""

logger = logging.getLogger(__name__)


class GatewayMqtt:
    """The gateway's MQTT session.

    Args:
        options: of the session.
        table: notified when the broker begins to send its retained messages, and when it has sent all.
        lost: called when the connection has ended, or an attempt has failed.
        reached: called when the broker has sent all retained messages.
        now: the time (aware).

    Attributes:
        session: the caller runs it.
    """

    def __init__(
        self,
        options: MqttOptions,
        table: DeviceTable,
        lost: Callable[[], None],
        reached: Callable[[], None],
        now: Callable[[], dt.datetime],
    ) -> None:
        self.session = MqttSession(options, on_message=self._received, on_connected=self._connected, on_down=self._lost)
        self._table = table
        self._on_lost = lost
        self._reached = reached
        self._now = now
        self._instance = options.client_id
        self._handler: MqttHandler | None = None
        self._connection = ""
        self._connection_number = 0
        self._own_status_received = asyncio.Event()

    def listen(self, handler: MqttHandler) -> None:
        """Pass received messages to `handler`."""
        self._handler = handler

    @property
    def connected(self) -> bool:
        """Whether there is a connection now."""
        return self.session.connected.is_set()

    def check_connected(self) -> None:
        """Check that there is a connection.

        Raises:
            ProblemError: there is no connection (503).
        """
        if not self.connected:
            detail = f"cannot reach the site's broker: try again ({self.session.last_error or NOT_YET})"
            raise unavailable("BrokerUnavailable", detail)

    def own_status_received(self, connection: object) -> None:
        """Handle a status of this component that names `connection`."""
        if connection == self._connection:
            self._own_status_received.set()

    async def command(self, device_id: str, command: Command) -> bool:
        """Publish a command; return whether a session subscribes to its topic, in which it waits until it expires.

        Raises:
            MqttError: it was not published, or that is unknown.
        """
        expiry = max(1, math.ceil((command.expires_at - self._now()).total_seconds()))
        reason = await self.session.publish(topics.device_command(device_id), command.encode(), expiry=expiry)
        return reason != NO_MATCHING_SUBSCRIBERS

    async def status(self, status: DeviceStatus) -> None:
        """Publish a device's retained status.

        Raises:
            ProblemError: the broker is unreachable.
        """
        self.check_connected()
        try:
            await self.session.publish(topics.device_status(status.id), status.encode(), retain=True)
        except MqttError as error:
            raise unavailable(
                "BrokerUnavailable", f"the status of device {status.id} was not published: {error}"
            ) from error

    async def activity(self, payload: bytes) -> None:
        """Publish an activity digest.

        Raises:
            MqttError: it could not be published.
        """
        await self.session.publish(topics.ACTIVITY, payload)

    def _received(self, message: Message) -> None:
        self._begin()
        if self._handler is not None:
            self._handler.handle(message)

    def _begin(self) -> None:
        # Messages that arrive while a connection is being opened belong to it.
        connection = self.session.connects + (0 if self.connected else 1)
        if connection != self._connection_number:
            self._connection_number = connection
            self._table.begin_resync()

    def _lost(self, _error: MqttError) -> None:
        self._connection_number = 0
        self._table.disconnected()
        self._on_lost()

    async def _connected(self, _session_present: bool) -> None:  # noqa: FBT001 - the shape of the session's callback
        self._begin()
        self._own_status_received.clear()
        self._connection = secrets.token_hex(8)
        metadata = {CONNECTION: self._connection}
        status = ComponentStatus(COMPONENT, "online", self._instance, release(), self._now(), metadata)
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
