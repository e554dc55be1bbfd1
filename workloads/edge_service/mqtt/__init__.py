"""Sessions with the site's broker: MQTT 5, asyncio, acknowledgement by the receiver."""

from edge_service.mqtt.credentials import Login, read_login
from edge_service.mqtt.errors import (
    ConnectError,
    ConnectRefusedError,
    MqttError,
    NotConnectedError,
    PublishRefusedError,
    UntrustedError,
)
from edge_service.mqtt.message import Message
from edge_service.mqtt.options import MqttOptions, Subscription, Will
from edge_service.mqtt.session import NO_MATCHING_SUBSCRIBERS, NOT_YET, MqttSession

__all__ = [
    "NOT_YET",
    "NO_MATCHING_SUBSCRIBERS",
    "ConnectError",
    "ConnectRefusedError",
    "Login",
    "Message",
    "MqttError",
    "MqttOptions",
    "MqttSession",
    "NotConnectedError",
    "PublishRefusedError",
    "Subscription",
    "UntrustedError",
    "Will",
    "read_login",
]
