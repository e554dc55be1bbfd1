"""A device on the wire, with every step decided by the test; for fleets there is `edge_device`."""

import json
import time
from dataclasses import dataclass, field
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.support.mosquitto import HOST, Mosquitto
from tests.support.processes import eventually

KEEPALIVE = 60
FIRMWARE = "1.2.3"


@dataclass
class WireDevice:
    """One device with its will.

    Attributes:
        broker: where it connects.
        device_id: its identifier.
        session: the session that it names; empty to name none.
    """

    broker: Mosquitto
    device_id: str
    session: str = "1"
    _client: paho.Client | None = field(default=None, init=False)

    @property
    def topic(self) -> str:
        """The topic of its status."""
        return f"devices/{self.device_id}/status"

    @property
    def connected(self) -> bool:
        """Whether it has a connection."""
        return self._client is not None and self._client.is_connected()

    def connect(self, *, birth: bool = True) -> "WireDevice":
        """Connect, and announce itself."""
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self.device_id,
            protocol=MQTTProtocolVersion.MQTTv5,
            reconnect_on_failure=False,
        )
        client.username_pw_set(self.device_id, self.broker.passwords[self.device_id])
        client.will_set(self.topic, self.payload("offline", reason="LastWill"), 1, retain=True)
        client.connect(HOST, self.broker.layout.mqtt, KEEPALIVE)
        client.loop_start()
        eventually(f"{self.device_id} connected", client.is_connected, 10)
        self._client = client
        if birth:
            self.beat()
        return self

    def payload(self, status: str, **more: Any) -> bytes:
        """Return a status of it."""
        session = {"session": self.session} if self.session else {}
        said = {"id": self.device_id, "status": status, "metadata": {"firmware": FIRMWARE}, **session, **more}
        return json.dumps(said).encode()

    def beat(self) -> None:
        """Say that it is there."""
        self.publish(self.payload("online"))

    def publish(self, payload: bytes, *, retain: bool = True) -> None:
        """Publish a status; returns once the broker has it."""
        assert self._client is not None
        self._client.publish(self.topic, payload, 1, retain).wait_for_publish(10)

    def beat_for(self, seconds: float, pause: float = 0.5) -> None:
        """Say again and again that it is there."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.beat()
            time.sleep(pause)

    def sign_off(self) -> None:
        """Leave on purpose."""
        self.publish(self.payload("offline", reason="Disconnected"))
        self._leave()

    def vanish(self) -> None:
        """Lose the connection without a word: the broker publishes the will."""
        assert self._client is not None
        sock = self._client.socket()
        assert sock is not None
        self._client.loop_stop()
        sock.close()
        self._client = None

    def close(self) -> None:
        """End without a word and without a will, if it is still there."""
        if self._client is not None:
            self._leave()

    def _leave(self) -> None:
        assert self._client is not None
        self._client.disconnect()
        self._client.loop_stop()
        self._client = None
