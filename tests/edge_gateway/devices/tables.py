"""A table of devices with a clock that a test advances."""

import datetime as dt
from typing import Any

from edge_gateway.devices.device import Device
from edge_gateway.devices.liveness import DeviceLiveness
from edge_gateway.devices.table import DeviceTable
from edge_wire.messages import Activity, DeviceStatus, RosterEntry

NOON = dt.datetime(2026, 1, 31, 12, 0, tzinfo=dt.UTC)
BEGAN = 1000.0
PATIENCE = 15.0


class World:
    """A table, connected to its broker."""

    def __init__(self, *devices: str) -> None:
        self.at = BEGAN
        self.on_transition: list[str] = []
        self.turned_away = 0
        self.liveness = DeviceLiveness(lambda: self.at, self.now, self.on_transition.append)
        self.table = DeviceTable(self.liveness, self._turn_away, PATIENCE)
        self.table.begin_resync()
        for device_id in devices:
            self.say(device_id)

    def now(self) -> dt.datetime:
        return NOON + dt.timedelta(seconds=self.at - BEGAN)

    def _turn_away(self) -> None:
        self.turned_away += 1

    def say(self, device_id: str, status: str = "online", *, retained: bool = False, **fields: Any) -> None:
        self.table.set_status(device_id, DeviceStatus(device_id, status, **fields), retained=retained)  # type: ignore[arg-type]

    def roster(self, device_id: str, **fields: Any) -> None:
        self.table.set_roster(device_id, RosterEntry(device_id, **fields))

    def digest(self, lag: float | None = 0.0, *, is_reply: bool = False, **ages: float) -> None:
        self.table.digest(Activity("processor", ages, queue_lag_seconds=lag, is_reply=is_reply))

    def wait(self, seconds: float) -> None:
        for _ in range(int(seconds * 4)):
            self.at += 0.25
            self.liveness.tick()
            self.table.expire()

    def ids(self) -> list[str]:
        return [device.id for device in self.table.page("", 1000).devices]

    def shown(self, device_id: str) -> Device:
        device = self.table.get(device_id)
        assert device is not None, device_id
        return device

    def state(self, device_id: str) -> tuple[str, str]:
        device = self.shown(device_id)
        return device.state, device.reason.value
