"""Retained messages of a broker, read by one client that recognizes the last one."""

import secrets
import time
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

SECONDS = 20.0


class _Reader(paho.Client):
    """Subscribes to a filter, then once more: the broker answers that after what it retains under the filter.

    It works off a client's packets in their order and sends with QoS 0 in the order in which it has put out. So no
    time has to go by, no message is published that others would get, and the login needs no topic to publish on.
    """

    def __init__(self, topic: str) -> None:
        super().__init__(
            CallbackAPIVersion.VERSION2, f"looks-{secrets.token_hex(4)}", protocol=MQTTProtocolVersion.MQTTv5
        )
        self.topic = topic
        self.found: dict[str, bytes] = {}
        self.has_all = False
        self.refused = ""
        self._answered = 0
        self.on_connect = self._connected
        self.on_subscribe = self._subscribed
        self.on_message = self._came

    def _connected(self, _client: Any, _data: Any, _flags: Any, reason: Any, _more: Any) -> None:
        if reason.is_failure:
            self.refused = str(reason)
            return
        self.subscribe(self.topic, qos=0)
        self.subscribe(f"fence/{secrets.token_hex(4)}", qos=0)

    def _subscribed(self, _client: Any, _data: Any, _mid: int, _reasons: Any, _more: Any) -> None:
        self._answered += 1
        self.has_all = self._answered == len(("filter", "fence"))

    def _came(self, _client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        if message.retain:
            self.found[message.topic] = bytes(message.payload)


def retained(host: str, port: int, topic: str, username: str, password: str) -> dict[str, bytes]:
    """Return what the broker has retained under the filter `topic` and `username` may read, by topic."""
    reader = _Reader(topic)
    reader.username_pw_set(username, password)
    reader.connect(host, port)
    end = time.monotonic() + SECONDS
    try:
        while not reader.has_all:
            assert reader.loop(0.2) == MQTTErrorCode.MQTT_ERR_SUCCESS, f"the connection ended: {reader.refused}"
            assert not reader.refused, f"the broker refuses {username}: {reader.refused}"
            assert time.monotonic() < end, f"the broker has not answered within {SECONDS:g} s"
    finally:
        reader.disconnect()
        reader.loop(0.2)
        # Without these references to itself it is freed here, and closes its sockets first: the garbage collector
        # may find the sockets before it.
        reader.on_connect = reader.on_subscribe = reader.on_message = None
    return reader.found
