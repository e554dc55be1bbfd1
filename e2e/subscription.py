"""A program outside the cluster with a durable session on a site's broker, which notes what it receives."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from e2e.cluster import wait
from e2e.cluster.errors import HarnessError
from e2e.fleet import ReadingKey

CONNECT_SECONDS = 30.0
SESSION_SECONDS = 3600
KEEPALIVE_SECONDS = 30


@dataclass(frozen=True)
class Login:
    """How a client of a site's broker connects.

    Attributes:
        host: IP address of the broker's Service.
        port: of its listener for clients.
        username: of the client, also its client id.
        password: of the client.
    """

    host: str
    port: int
    username: str
    password: str


@dataclass
class Subscription:
    """What a durable session has received.

    Attributes:
        received: how often each reading arrived.
    """

    received: Counter[ReadingKey] = field(default_factory=Counter)

    def take(self, _client: paho.Client, _userdata: object, message: paho.MQTTMessage) -> None:
        """Note a message."""
        reading: dict[str, Any] = json.loads(message.payload)
        self.received[str(reading["device_id"]), str(reading["session"]), int(reading["seq"])] += 1


@contextmanager
def subscribed(login: Login, topic: str) -> Iterator[Subscription]:
    """Keep a durable session with one subscription, with reconnects, as long as the context lasts.

    Raises:
        HarnessError: the broker does not take it.
    """
    made = Subscription()
    client = paho.Client(CallbackAPIVersion.VERSION2, login.username, protocol=MQTTProtocolVersion.MQTTv5)
    client.username_pw_set(login.username, login.password)
    client.reconnect_delay_set(1, 2)
    granted: list[bool] = []
    client.on_message = made.take
    client.on_connect = lambda client, *_: client.subscribe(topic, 1)
    client.on_subscribe = lambda _client, _userdata, _mid, codes, _properties: granted.append(
        not any(code.is_failure for code in codes)
    )
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = SESSION_SECONDS
    client.connect(login.host, login.port, KEEPALIVE_SECONDS, clean_start=False, properties=properties)
    client.loop_start()
    try:
        if not wait.until(lambda: bool(granted), seconds=CONNECT_SECONDS) or not granted[0]:
            raise HarnessError(f"the broker does not grant {login.username} a subscription to {topic}")
        yield made
    finally:
        client.disconnect()
        client.loop_stop()
