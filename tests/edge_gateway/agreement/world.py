"""An operator and a gateway of one site with their own classes, a broker and a processor of a few lines, and one clock.

The operator writes its statuses at once, so that what it has written is what `kubectl` shows.
"""

import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from edge_wire import topics
from tests.edge_gateway.agreement.gateway_side import GatewaySide
from tests.edge_gateway.agreement.operator_side import OperatorSide
from tests.edge_gateway.agreement.side import Side
from tests.edge_operator.control.samples import NAMESPACE, SITE, Time

TICK = 0.25
OFFLINE_AFTER = 20.0
UPTIME_SECONDS = 10.0
STATES = {"Online": "online", "Offline": "offline"}


@dataclass
class Wired:
    """A device as it is in the world.

    Attributes:
        name: its id and the name of its EdgeDevice.
        session: number of its connection; 0 before the first.
        is_connected: whether it has a connection.
        is_disabled: whether its EdgeDevice is disabled: the broker rejects it.
    """

    name: str
    session: int = 0
    is_connected: bool = False
    is_disabled: bool = False


@dataclass
class World:
    """One site. Times are seconds of the clock."""

    time: Time = field(default_factory=Time)
    devices: dict[str, Wired] = field(default_factory=dict)
    objects: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    retained: dict[str, bytes] = field(default_factory=dict)
    arrivals: dict[str, float] = field(default_factory=dict)
    recent: dict[str, float] = field(default_factory=dict)
    broker_since: float | None = None
    _made: int = 0
    _queue: deque[Callable[[], None]] = field(default_factory=deque)
    _is_delivering: bool = False

    def __post_init__(self) -> None:
        self.operator = OperatorSide(self.time, self.objects, self.publish)
        self.gateway = GatewaySide(self.time, self.publish)
        self.start_broker()
        self.connect(self.operator)
        self.connect(self.gateway)

    @property
    def sides(self) -> tuple[Side, Side]:
        return self.operator, self.gateway

    # The broker.

    def start_broker(self) -> None:
        self.broker_since = self.time.at
        self.retained[topics.BROKER_BOOT] = json.dumps({"boot": f"boot-{self.time.at}"}).encode()
        self._processor_says("online")

    def stop_broker(self, *, gracefully: bool) -> None:
        if gracefully:
            for device in self.devices.values():
                self.lose(device)
        for side in self.sides:
            self.disconnect(side)
        for device in self.devices.values():
            device.is_connected = False
        self.broker_since = None

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        if self.broker_since is None:
            return
        if topic == topics.ACTIVITY_REQUEST:
            self._queue.append(self._answer)
            return
        if retain and payload:
            self.retained[topic] = payload
        elif retain:
            self.retained.pop(topic, None)
        for side in self.sides:
            if side.is_connected:
                self._queue.append(lambda side=side: side.receive(topic, payload, retain=False))  # type: ignore[misc]
        self.deliver()

    def deliver(self) -> None:
        """Deliver what was published, in order; what is published meanwhile follows."""
        if self._is_delivering:
            return
        self._is_delivering = True
        try:
            while self._queue:
                self._queue.popleft()()
        finally:
            self._is_delivering = False

    def connect(self, side: Side) -> None:
        if self.broker_since is None or side.is_connected or not side.is_running:
            return
        self._is_delivering = True  # what it publishes comes after the retained messages
        side.on_connected()
        self._uptime(side)
        for prefix in ("edge/broker/", "edge/roster/", "devices/", "edge/status/"):
            for topic, payload in sorted(self.retained.items()):
                if topic.startswith(prefix):
                    side.receive(topic, payload, retain=True)
        side.on_all_retained()
        self._is_delivering = False
        self.deliver()

    def disconnect(self, side: Side) -> None:
        if side.is_connected:
            side.on_disconnected()

    def _uptime(self, side: Side) -> None:
        assert self.broker_since is not None
        uptime = int((self.time.at - self.broker_since) // UPTIME_SECONDS * UPTIME_SECONDS)
        side.receive("$SYS/broker/uptime", f"{uptime} seconds".encode(), retain=True)

    # The processor.

    def _processor_says(self, status: str) -> None:
        payload = json.dumps({"component": "processor", "instance": "p", "status": status}).encode()
        self.publish(topics.component_status("processor"), payload, retain=True)

    def _answer(self) -> None:
        ages = {name: self.time.at - at for name, at in self.arrivals.items()}
        self._digest(ages, is_reply=True)

    def _digest(self, ages: dict[str, float], *, is_reply: bool) -> None:
        digest = {"source": "processor", "ages": ages, "queue_lag_seconds": 0.0, "is_reply": is_reply}
        self.publish(topics.ACTIVITY, json.dumps(digest).encode())

    # The devices.

    def create(self, name: str, **spec: Any) -> None:
        self._made += 1
        self.devices.setdefault(name, Wired(name)).is_disabled = bool(spec.get("disabled"))
        self.operator.create(name, f"uid-{self._made}", spec)
        self.deliver()

    def configure(self, name: str, **spec: Any) -> None:
        self.devices[name].is_disabled = bool(spec.get("disabled"))
        self.operator.configure(name, spec)
        self.deliver()

    def delete(self, name: str) -> None:
        self.operator.delete(name)
        self.deliver()

    def say(self, device: Wired, payload: bytes) -> None:
        if self.broker_since is not None and not device.is_disabled:
            self.publish(topics.device_status(device.name), payload, retain=True)

    def come(self, device: Wired) -> None:
        if self.broker_since is not None and not device.is_disabled:
            device.session += 1
            device.is_connected = True
            self.say(device, json.dumps({"status": "online", "session": str(device.session)}).encode())

    def lose(self, device: Wired, reason: str = "LastWill") -> None:
        if device.is_connected:
            device.is_connected = False
            status = {"status": "offline", "session": str(device.session), "reason": reason}
            self.say(device, json.dumps(status).encode())

    def send_data(self, device: Wired) -> None:
        if self.broker_since is not None and not device.is_disabled:
            self.arrivals[device.name] = self.recent[device.name] = self.time.at

    def acknowledge(self, device: Wired) -> None:
        if not device.is_disabled:
            self.publish(topics.device_command_ack(device.name), b'{"command_id":"x","status":"ok"}')

    def request(self, device: Wired) -> None:
        if not device.is_disabled and self.gateway.is_running:
            self.gateway.note(device.name)

    # The time.

    def wait(self, seconds: float, check: Callable[[], None] = lambda: None) -> None:
        for _ in range(round(seconds / TICK)):
            self.time.at += TICK
            if self.time.at % 1.0 < TICK:
                self._each_second()
            for side in self.sides:
                if side.is_running:
                    side.tick()
            self.deliver()
            check()

    def _each_second(self) -> None:
        if self.broker_since is None:
            return
        if self.recent:
            ages = {name: self.time.at - at for name, at in self.recent.items()}
            self.recent.clear()
            self._digest(ages, is_reply=False)
        if self.time.at % UPTIME_SECONDS < TICK:
            for side in self.sides:
                if side.is_connected:
                    self._uptime(side)

    # What people see.

    def kubectl(self, name: str) -> tuple[str, str]:
        """Return state and reason of a device in the status of its EdgeDevice."""
        status = self.objects[NAMESPACE, name]["status"]
        return STATES.get(status.get("phase", ""), "unknown"), (status.get("connectivity") or {}).get("reason", "")

    def shown(self, name: str) -> tuple[str, str]:
        """Return state and reason of a device at the gateway."""
        device = self.gateway.table.get(name)
        if device is None:
            return "missing", ""
        document = device.to_object()
        return document["status"], document["reason"]

    def agree(self, name: str) -> bool:
        """Return whether both show the same state, and the same reason of a device that is offline."""
        there, here = self.kubectl(name), self.shown(name)
        return there == here if here[0] == "offline" else there[0] == here[0]

    @property
    def site(self) -> tuple[str, str]:
        return SITE
