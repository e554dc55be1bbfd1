"""Hears a site's roster as its gateway does."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edge_operator.identity import logins
from tests.support.mosquitto import HOST, Mosquitto
from tests.support.processes import eventually

ROSTER = "edge/roster/"
END = "~end"


@dataclass
class RosterListener:
    """Received entries.

    Attributes:
        entries: what the broker holds now, by device, without the liveness.
        liveness: phase and reason in each entry, by device.
        sent: the devices of which something came since the subscription, in its order; another liveness alone aside.
        subscribed: how often the broker has confirmed the subscription.
    """

    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    liveness: dict[str, tuple[str, str] | None] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    subscribed: int = 0

    def take(self, _client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        """Take a message."""
        device_id = message.topic.removeprefix(ROSTER)
        if device_id == END:
            return
        before = self.entries.get(device_id)
        if message.payload:
            entry = orjson.loads(message.payload)
            told = entry.pop("liveness", None) if isinstance(entry, dict) else None
            self.liveness[device_id] = None if told is None else (told["phase"], told["reason"])
            self.entries[device_id] = entry
        else:
            self.entries.pop(device_id, None)
        if not message.retain and (before is None or self.entries.get(device_id) != before):
            self.sent.append(device_id)

    def begin(self, client: paho.Client, *_: Any) -> None:
        """Subscribe on a new connection: the broker sends the retained entries again."""
        self.entries.clear()
        client.subscribe(f"{ROSTER}+", 1)

    def confirm(self, *_: Any) -> None:
        """Take that the broker has confirmed the subscription."""
        self.subscribed += 1

    def await_ids(self, *device_ids: str, seconds: float = 15.0) -> None:
        """Wait until the broker holds entries of these devices, and of no other."""
        wanted = set(device_ids)
        eventually(f"the roster has {sorted(wanted)}", lambda: set(self.entries) == wanted, seconds)

    def await_field(self, device_id: str, name: str, value: Any) -> None:
        """Wait until an entry says so."""
        eventually(f"{device_id}.{name} is {value}", lambda: self.entries.get(device_id, {}).get(name) == value)


def put_entry(broker: Mosquitto, device_id: str, payload: bytes) -> None:
    """Have the broker retain an entry, as an operator would."""
    words = [*broker.arguments(logins.OPERATOR, "roster-writer"), "-t", f"{ROSTER}{device_id}", "-q", "1", "-r"]
    subprocess.run([str(broker.programs / "mosquitto_pub"), *words, "-m", payload.decode()], check=True, timeout=20)


@contextmanager
def roster_of(broker: Mosquitto) -> Iterator[RosterListener]:
    """Listen as a gateway of the site; what is retained comes first."""
    listener = RosterListener()
    client = paho.Client(CallbackAPIVersion.VERSION2, "roster-listener", protocol=MQTTProtocolVersion.MQTTv5)
    client.username_pw_set(logins.GATEWAY, broker.passwords[logins.GATEWAY])
    client.on_message = listener.take
    client.on_connect = listener.begin
    client.on_subscribe = listener.confirm
    client.reconnect_delay_set(1, 1)
    client.connect(HOST, broker.layout.components, 30)
    client.loop_start()
    try:
        eventually("subscribed", lambda: listener.subscribed, 10)
        yield listener
    finally:
        client.disconnect()
        client.loop_stop()
