"""A gateway without its HTTP, session and store: the device table, its liveness, and what they receive."""

from prometheus_client import CollectorRegistry, Counter

from edge_gateway.devices.liveness import DeviceLiveness
from edge_gateway.devices.table import DeviceTable
from edge_gateway.mqtt_handler import MqttHandler
from edge_wire import topics
from edge_wire.messages import Activity
from tests.edge_gateway.agreement.side import Publish
from tests.edge_operator.control.samples import Time, message


class GatewaySide:
    """A gateway that can be restarted."""

    def __init__(self, time: Time, publish: Publish) -> None:
        self._time = time
        self._publish = publish
        self.is_running = False
        self.is_connected = False
        self.start()

    def start(self) -> None:
        clocks = self._time.clocks
        self.is_running = True
        self.liveness = DeviceLiveness(clocks.steady, clocks.wall, lambda _: None)
        self.table = DeviceTable(self.liveness, lambda: None, 15.0)
        self._noted: dict[str, float] = {}
        self._noted_until = clocks.steady()
        dropped = Counter("dropped", "Dropped.", ("reason",), registry=CollectorRegistry())
        self._handler = MqttHandler(self.table, self.liveness, self.note, lambda *_: None, lambda _: None, dropped)

    def stop(self) -> None:
        self.is_running = self.is_connected = False

    def note(self, device_id: str) -> None:
        self._noted[device_id] = self._time.at
        self.table.message_received(device_id)

    def on_connected(self) -> None:
        self.is_connected = True
        self.table.begin_resync()

    def on_all_retained(self) -> None:
        self.table.end_resync()
        self._publish(topics.ACTIVITY_REQUEST, b"{}")

    def on_disconnected(self) -> None:
        self.is_connected = False
        self.table.disconnected()
        self.liveness.lost()

    def receive(self, topic: str, payload: bytes, *, retain: bool) -> None:
        self._handler.handle(message(topic, payload, retain=retain))

    def tick(self) -> None:
        if self._noted and self.is_connected and self._time.at >= self._noted_until:
            ages = {name: self._time.at - at for name, at in self._noted.items()}
            self._noted.clear()
            self._noted_until = self._time.at + 1.0
            self._publish(topics.ACTIVITY, Activity("edge-gateway", ages, queue_lag_seconds=0.0).encode())
        self.liveness.tick()
        self.table.expire()
