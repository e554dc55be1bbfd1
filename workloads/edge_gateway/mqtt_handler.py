"""Dispatches messages of the broker to the device table, the commands and the site's state."""

import logging
from collections.abc import Callable
from typing import Any

from prometheus_client import Counter

from edge_gateway.devices.liveness import DeviceLiveness
from edge_gateway.devices.table import DeviceTable
from edge_service.mqtt import Message, Subscription
from edge_wire import topics
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

COMPONENT = "gateway"
CONNECTION = "connection"
"""Field of our own status with the id of the connection that sent it."""

SUBSCRIPTIONS = (
    # First uptime and boot id: a restart of the broker must be known before its retained messages are judged. Then
    # the roster, which contains the settings of that. A broker of the user may not grant the uptime.
    Subscription(topics.BROKER_UPTIME, optional=True),
    Subscription(topics.BROKER_BOOT),
    Subscription(topics.roster(topics.ANY)),
    Subscription(topics.device_status(topics.ANY)),
    Subscription(topics.device_command_ack(topics.ANY)),
    Subscription(topics.component_status(topics.ANY)),
    Subscription(topics.ACTIVITY),
)

_STORAGE = "storage"
_CLOUD = "cloud"

logger = logging.getLogger(__name__)


class MqttHandler:
    """Handles the messages of the session.

    Args:
        table: of the devices.
        liveness: of the devices.
        answered: called with each command acknowledgement, not parsed.
        own_status_received: called with the connection that a gateway's status names. The retained messages of that
            moment have all arrived before it.
        dropped: counts malformed messages, by reason.

    Attributes:
        cloud_connected: whether the store reports a connection to the cloud.
    """

    def __init__(
        self,
        table: DeviceTable,
        liveness: DeviceLiveness,
        answered: Callable[[str, bytes], None],
        own_status_received: Callable[[object], None],
        dropped: Counter,
    ) -> None:
        self.cloud_connected = False
        self._table = table
        self._liveness = liveness
        self._answered = answered
        self._own_status_received = own_status_received
        self._dropped = dropped

    def handle(self, message: Message) -> None:
        """Handle a message; a malformed one is counted and changes nothing."""
        try:
            self._route(message)
        except MalformedError as error:
            self._dropped.labels(error.reason).inc()
            logger.warning("dropped a message on %s: %s", message.topic, error.message)
        except ValueError as error:
            self._dropped.labels("topic").inc()
            logger.warning("dropped a message: %s", error)

    def _route(self, message: Message) -> None:
        topic, payload = message.topic, message.payload
        if topic == topics.ACTIVITY:
            activity = Activity.parse(payload)
            if not message.retain:  # ours never are: ages are relative to the arrival
                self._table.digest(activity)
        elif topic == topics.BROKER_BOOT:
            if payload:
                self._liveness.booted(parse_boot(payload))
        elif topic == topics.BROKER_UPTIME:
            self._liveness.running(parse_uptime(payload))
        elif topic.startswith("edge/status/"):
            self._component(ComponentStatus.parse(payload), retained=message.retain)
        elif topic.startswith("edge/roster/"):
            self._roster(topic, payload)
        elif topic.endswith("/command/ack"):
            if not message.retain:
                self._table.message_received(topics.device_of(topic))
            self._answered(topics.device_of(topic), payload)
        else:
            self._status(topics.device_of(topic), payload, retained=message.retain)

    def _status(self, device_id: str, payload: bytes, *, retained: bool) -> None:
        status = DeviceStatus.parse(payload, device_id) if payload else None
        self._table.set_status(device_id, status, retained=retained)

    def _roster(self, topic: str, payload: bytes) -> None:
        if topic == topics.ROSTER_END:
            return
        device_id = topics.device_of(topic)
        self._table.set_roster(device_id, RosterEntry.parse(payload, device_id) if payload else None)

    def _component(self, status: ComponentStatus, *, retained: bool) -> None:
        if status.component == COMPONENT:
            self._own_status_received(status.extra.get(CONNECTION))
        elif status.component == PROCESSOR:
            self._liveness.processor_status(is_online=status.status == "online", retained=retained)
        elif status.component == _STORAGE:
            self.cloud_connected = status.status == "online" and _reaches_cloud(status.extra.get("sinks"))


def _reaches_cloud(sinks: Any) -> bool:
    listed = sinks if isinstance(sinks, list) else []
    return any(
        isinstance(sink, dict) and sink.get("name") == _CLOUD and sink.get("connected") is True for sink in listed
    )
