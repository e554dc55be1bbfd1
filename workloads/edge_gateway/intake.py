"""What the broker tells the gateway: each message to the table, the commands, or what is known of the site."""

import datetime as dt
import logging
from collections.abc import Callable
from typing import Any

from prometheus_client import Counter

from edge_gateway.devices.table import DeviceTable
from edge_service.mqtt import Message, Subscription
from edge_wire import topics
from edge_wire.messages import Activity, ComponentStatus, DeviceStatus, MalformedError
from edge_wire.messages.document import load_object

COMPONENT = "gateway"
CONNECTION = "connection"
"""Field of our own status that names the connection it was sent by."""

SUBSCRIPTIONS = tuple(
    Subscription(topic)
    for topic in (
        topics.device_status(topics.ANY),
        topics.device_command_ack(topics.ANY),
        topics.roster(topics.ANY),
        topics.component_status(topics.ANY),
        topics.ACTIVITY,
    )
)

_STORAGE = "storage"
_CLOUD = "cloud"

logger = logging.getLogger(__name__)


class Intake:
    """Takes messages from the session.

    Args:
        table: of the devices.
        answered: takes a device's answer to a command, as it came.
        told: called with the connection that a gateway's status names: all that the broker had retained when that was
            sent has come before it.
        dropped: counts what cannot be read, by reason.
        now: the time (aware).

    Attributes:
        cloud_connected: whether the store says that it reaches the cloud.
    """

    def __init__(
        self,
        table: DeviceTable,
        answered: Callable[[str, bytes], None],
        told: Callable[[object], None],
        dropped: Counter,
        now: Callable[[], dt.datetime],
    ) -> None:
        self.cloud_connected = False
        self._table = table
        self._answered = answered
        self._told = told
        self._dropped = dropped
        self._now = now

    def take(self, message: Message) -> None:
        """Take a message; one that cannot be read is counted and changes nothing."""
        try:
            self._route(message)
        except MalformedError as error:
            self._dropped.labels(error.reason).inc()
            logger.warning("a message on %s is left out: %s", message.topic, error.message)
        except ValueError as error:
            self._dropped.labels("topic").inc()
            logger.warning("a message is left out: %s", error)

    def _route(self, message: Message) -> None:
        topic, payload = message.topic, message.payload
        if topic == topics.ACTIVITY:
            self._activity(Activity.parse(payload))
        elif topic.startswith("edge/status/"):
            self._component(ComponentStatus.parse(payload))
        elif topic.startswith("edge/roster/"):
            self._table.set_roster(topics.device_of(topic), load_object(payload) if payload else None)
        elif topic.endswith("/command/ack"):
            self._device_is_alive(topics.device_of(topic))
            self._answered(topics.device_of(topic), payload)
        else:
            self._status(topics.device_of(topic), payload, fresh=not message.retain)

    def _status(self, device_id: str, payload: bytes, *, fresh: bool) -> None:
        status = DeviceStatus.parse(payload, device_id) if payload else None
        self._table.set_status(device_id, status)
        if fresh and status is not None and (status.status == "online" or status.is_sign_off):
            self._device_is_alive(device_id)

    def _device_is_alive(self, device_id: str) -> None:
        self._table.heard(device_id, self._now(), add=False)

    def _activity(self, activity: Activity) -> None:
        now = self._now()
        for device_id, age in activity.ages.items():
            try:
                ago = dt.timedelta(seconds=age + (activity.queue_lag_seconds or 0.0))
                heard_at = now - max(ago, dt.timedelta(0))
            except OverflowError:
                continue
            # A reply lists whoever was ever heard; a device that was deleted since must not come back by it.
            self._table.heard(device_id, heard_at, add=not activity.is_reply)

    def _component(self, status: ComponentStatus) -> None:
        if status.component == COMPONENT:
            self._told(status.extra.get(CONNECTION))
        elif status.component == _STORAGE:
            self.cloud_connected = status.status == "online" and _reaches_cloud(status.extra.get("sinks"))


def _reaches_cloud(sinks: Any) -> bool:
    listed = sinks if isinstance(sinks, list) else []
    return any(
        isinstance(sink, dict) and sink.get("name") == _CLOUD and sink.get("connected") is True for sink in listed
    )
