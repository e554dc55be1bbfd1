"""Dispatches messages of the broker to the device table, the commands and the site's state."""

import logging
from collections.abc import Callable
from typing import Any, ClassVar

from prometheus_client import Counter

from edge_gateway.devices.liveness import DeviceLiveness
from edge_gateway.devices.table import DeviceTable
from edge_service.mqtt import Message, Subscription
from edge_wire import topic_table
from edge_wire.dispatcher import Dispatcher
from edge_wire.messages import (
    PROCESSOR,
    Activity,
    ComponentStatus,
    DeviceStatus,
    MalformedError,
    RosterEntry,
    parse_boot,
    parse_uptime,
)
from edge_wire.messages.sinks import MEMBER

COMPONENT = "gateway"
CONNECTION = "connection"
"""Field of our own status with the id of the connection that sent it."""

SUBSCRIPTIONS = (
    # First uptime and boot id: a restart of the broker must be known before its retained messages are judged. Then
    # the roster, which contains the settings of that. A broker of the user may not grant the uptime.
    Subscription(topic_table.BROKER_UPTIME.filter, optional=True),
    Subscription(topic_table.BROKER_BOOT.filter),
    Subscription(topic_table.ROSTER.filter),
    Subscription(topic_table.DEVICE_STATUS.filter),
    Subscription(topic_table.DEVICE_COMMAND_ACK.filter),
    Subscription(topic_table.COMPONENT_STATUS.filter),
    Subscription(topic_table.ACTIVITY.filter),
)

_CLOUD = "cloud"

logger = logging.getLogger(__name__)


class MqttHandler:
    """Handles the messages of the session.

    Args:
        table: of the devices.
        liveness: of the devices.
        active: called with the device of each fresh acknowledgement, which neither processor nor operator receives.
        answered: called with each command acknowledgement, not parsed.
        own_status_received: called with the connection that a gateway's status names. The retained messages of that
            moment have all arrived before it.
        dropped: counts malformed messages, by reason.

    Attributes:
        cloud_connected: whether the processor reports a connection to the cloud.
    """

    def __init__(
        self,
        table: DeviceTable,
        liveness: DeviceLiveness,
        active: Callable[[str], None],
        answered: Callable[[str, bytes], None],
        own_status_received: Callable[[object], None],
        dropped: Counter,
    ) -> None:
        self.cloud_connected = False
        self._table = table
        self._liveness = liveness
        self._active = active
        self._answered = answered
        self._own_status_received = own_status_received
        self._dropped = dropped

    def handle(self, message: Message) -> None:
        """Handle a message; a malformed one is counted and changes nothing."""
        try:
            handle, device_id = self.HANDLERS.find(message.topic)
            handle(self, message, device_id)
        except MalformedError as error:
            self._dropped.labels(error.reason).inc()
            logger.warning("dropped a message on %s: %s", message.topic, error.message)
        except ValueError as error:
            self._dropped.labels("topic").inc()
            logger.warning("dropped a message: %s", error)

    def _activity(self, message: Message, _: str) -> None:
        activity = Activity.parse(message.payload)
        if not message.retain:  # ours never are: ages are relative to the arrival
            self._table.digest(activity)

    def _boot(self, message: Message, _: str) -> None:
        if message.payload:
            self._liveness.on_boot_id(parse_boot(message.payload))

    def _uptime(self, message: Message, _: str) -> None:
        self._liveness.on_uptime(parse_uptime(message.payload))

    def _command_ack(self, message: Message, device_id: str) -> None:
        if not message.retain:
            self._active(device_id)
        self._answered(device_id, message.payload)

    def _status(self, message: Message, device_id: str) -> None:
        status = DeviceStatus.read(message.payload, device_id) if message.payload else None
        if status is not None and status.fault is not None:
            self._dropped.labels(status.fault.reason).inc()
            logger.warning("cannot read the status of device %s: %s", device_id, status.fault.message)
        self._table.set_status(device_id, status, retained=message.retain)

    def _roster(self, message: Message, device_id: str) -> None:
        entry = RosterEntry.parse(message.payload, device_id) if message.payload else None
        self._table.set_roster(device_id, entry, retained=message.retain)

    def _roster_end(self, _message: Message, _: str) -> None:
        """Ignore it: it is for the operator."""

    def _component(self, message: Message, _: str) -> None:
        status = ComponentStatus.parse(message.payload)
        if status.component == COMPONENT:
            self._own_status_received(status.extra.get(CONNECTION))
        elif status.component == PROCESSOR:
            is_online = status.status == "online"
            self._liveness.processor_status(is_online=is_online, retained=message.retain)
            self.cloud_connected = is_online and _reaches_cloud(status.extra.get(MEMBER))

    HANDLERS: ClassVar = Dispatcher(
        {
            topic_table.DEVICE_STATUS: _status,
            topic_table.DEVICE_COMMAND_ACK: _command_ack,
            topic_table.ACTIVITY: _activity,
            topic_table.COMPONENT_STATUS: _component,
            topic_table.ROSTER: _roster,
            topic_table.ROSTER_END: _roster_end,
            topic_table.BROKER_BOOT: _boot,
            topic_table.BROKER_UPTIME: _uptime,
        }
    )
    """By topic."""


def _reaches_cloud(sinks: Any) -> bool:
    listed = sinks if isinstance(sinks, list) else []
    return any(
        isinstance(sink, dict) and sink.get("name") == _CLOUD and sink.get("connected") is True for sink in listed
    )
