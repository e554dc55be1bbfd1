"""A client that is connected to one of a broker's listeners, and records all messages."""

import contextlib
import os
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.support.mosquitto import HOST, Mosquitto

SECONDS = 10.0
VERSIONS = {"v3.1.1": MQTTProtocolVersion.MQTTv311, "v5": MQTTProtocolVersion.MQTTv5}
DOORS: dict[str, Callable[[Mosquitto], int]] = {
    "mqtt": lambda broker: broker.layout.mqtt,
    "websockets": lambda broker: broker.layout.websockets,
    "mqtts": lambda broker: broker.layout.mqtts,
    "components": lambda broker: broker.layout.components,
}
"""The listeners, each with its port."""


@dataclass(frozen=True)
class Door:
    """One listener of a broker, and the protocol that is spoken there.

    Attributes:
        broker: the broker.
        name: a key of DOORS.
        version: a key of VERSIONS.
    """

    broker: Mosquitto
    name: str
    version: str

    def client(self, client_id: str, *, clean: bool) -> paho.Client:
        """Return a client that has not connected yet."""
        protocol = VERSIONS[self.version]
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=protocol,
            transport="websockets" if self.name == "websockets" else "tcp",
            clean_session=clean if protocol != MQTTProtocolVersion.MQTTv5 else None,
            reconnect_on_failure=False,
        )
        if self.name == "mqtts":
            client.tls_set_context(ssl.create_default_context(cadata=self.broker.authority))
        return client

    def connect(self, client: paho.Client, *, clean: bool) -> None:
        """Send CONNECT."""
        start = clean if self.version == "v5" else paho.MQTT_CLEAN_START_FIRST_ONLY
        client.connect(HOST, DOORS[self.name](self.broker), clean_start=start)
        if (wire := wire_of(client)) is not None:
            with wire:
                # Packets that wait for each other's acknowledgement would cost 40 ms each.
                wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def wire_of(client: paho.Client) -> socket.socket | None:
    """Return the TCP socket below what paho wraps around it, to be closed; None where there is none any more."""
    connection = client.socket()
    return None if connection is None else socket.socket(fileno=os.dup(connection.fileno()))


@dataclass(frozen=True)
class Will:
    """What is to be published where the connection breaks."""

    topic: str
    payload: bytes
    retain: bool = True


@dataclass
class Party:
    """One connection.

    Attributes:
        door: by which it goes.
        heard: topic and payload of every message, in their order.
    """

    door: Door
    heard: list[tuple[str, bytes]] = field(default_factory=list)
    _client: paho.Client | None = None
    _let_in: bool = False

    def enter(
        self,
        username: str | None,
        password: str | None,
        client_id: str,
        *,
        clean: bool = True,
        will: Will | None = None,
    ) -> bool:
        """Connect; return whether the broker says that it lets us in."""
        client, answered = self.door.client(client_id, clean=clean), Event()

        def connected(_client: object, _data: object, _flags: object, reason: object, _more: object) -> None:
            self._let_in = not getattr(reason, "is_failure", True)
            answered.set()

        client.on_connect = connected
        client.on_disconnect = lambda *_: answered.set()
        client.on_message = lambda _client, _data, message: self.heard.append((message.topic, bytes(message.payload)))
        if username is not None:
            client.username_pw_set(username, password)
        if will is not None:
            client.will_set(will.topic, will.payload, 1, will.retain)
        self.door.connect(client, clean=clean)
        client.loop_start()
        self._client = client
        assert answered.wait(SECONDS), "the broker does not answer"
        return self._let_in

    @property
    def is_connected(self) -> bool:
        """Whether the connection is still there."""
        return self._client is not None and self._client.is_connected()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish, and return when the broker has answered or cut the connection."""
        assert self._client is not None
        info = self._client.publish(topic, payload, 1, retain)
        self._until(info.is_published)

    def subscribe(self, topic: str) -> None:
        """Subscribe, and return when the broker has answered or cut the connection."""
        assert self._client is not None
        answered = Event()
        self._client.on_subscribe = lambda *_: answered.set()
        self._client.subscribe(topic, 1)
        self._until(answered.is_set)

    def break_off(self) -> None:
        """Lose the connection without a word."""
        assert self._client is not None
        if (wire := wire_of(self._client)) is not None:
            with wire, contextlib.suppress(OSError):
                wire.shutdown(socket.SHUT_RDWR)
        self._client.loop_stop()

    def leave(self) -> None:
        """Say goodbye, if still there."""
        if self._client is not None:
            self._client.disconnect()
            self._client.loop_stop()

    def _until(self, answered: Callable[[], bool]) -> None:
        for _ in range(int(SECONDS / 0.002)):
            if answered() or not self.is_connected:
                return
            Event().wait(0.002)
        raise AssertionError("the broker does not answer")
