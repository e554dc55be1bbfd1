"""The devices: their numbers in the index, and the time of the last arrival of each."""

import sqlite3
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from edge_readings.arrival import DeviceHead

MAX_DEVICES = 20_000
"""Devices in memory; the others are read from the database when they are needed."""

_EVICTED_AT_ONCE = 512
"""Devices."""


@dataclass(slots=True)
class Device:
    """A device of the registry.

    Attributes:
        number: its number in the index.
        head: the start of its lines.
        last_at: time of its last arrival, in milliseconds since 1970.
        is_changed: whether `last_at` differs from its row in the database.
    """

    number: int
    head: DeviceHead
    last_at: int
    is_changed: bool = False


class Devices:
    """The registry; the devices of the newest messages are in memory, the others in the table `device`.

    The methods with a connection must be called in a transaction. After a rollback the object must be replaced by a
    new one.

    Args:
        limit: devices in memory.
    """

    def __init__(self, limit: int = MAX_DEVICES) -> None:
        self._limit = limit
        self._devices: OrderedDict[str, Device] = OrderedDict()

    def __len__(self) -> int:
        """Return the number of devices in memory."""
        return len(self._devices)

    def find(self, name: str) -> Device | None:
        """Return the device with `name` if it is in memory."""
        device = self._devices.get(name)
        if device is not None:
            self._devices.move_to_end(name)
        return device

    def get(self, connection: sqlite3.Connection, name: str) -> Device:
        """Return the device with `name`, which is added if it is new."""
        device = self.find(name)
        if device is not None:
            return device
        if len(self._devices) >= self._limit:
            self._evict(connection)
        row = connection.execute("SELECT number, last_at FROM device WHERE name = ?", (name,)).fetchone()
        number, last_at = row or (number_of(connection, name), 0)
        device = Device(number, DeviceHead(name), last_at)
        self._devices[name] = device
        return device

    def note(self, connection: sqlite3.Connection, name: str, at: int) -> None:
        """Record an arrival at `at`, in milliseconds since 1970."""
        device = self.get(connection, name)
        if at > device.last_at:
            device.last_at = at
            device.is_changed = True

    def save(self, connection: sqlite3.Connection, names: Mapping[str, int] | None = None) -> None:
        """Write the changed times of `names` (of all devices if None) to the database."""
        found = self._devices.values() if names is None else [self.get(connection, name) for name in names]
        _write(connection, [device for device in found if device.is_changed])

    def recent(self) -> dict[str, int]:
        """Return the last arrivals of the devices in memory, in milliseconds since 1970. Any thread may call it."""
        return {name: device.last_at for name, device in self._devices.copy().items()}

    def _evict(self, connection: sqlite3.Connection) -> None:
        count = min(_EVICTED_AT_ONCE, len(self._devices))
        oldest = [self._devices.popitem(last=False)[1] for _ in range(count)]
        _write(connection, [device for device in oldest if device.is_changed])


def number_of(connection: sqlite3.Connection, name: str) -> int:
    """Return the number of the device with `name`; it gets one if it has none."""
    row = connection.execute("SELECT number FROM device WHERE name = ?", (name,)).fetchone()
    if row is None:
        added = connection.execute("INSERT INTO device (name, last_at) VALUES (?, 0) RETURNING number", (name,))
        row = added.fetchone()
    return int(row[0])


def _write(connection: sqlite3.Connection, changed: list[Device]) -> None:
    connection.executemany(
        "UPDATE device SET last_at = ? WHERE number = ?", [(device.last_at, device.number) for device in changed]
    )
    for device in changed:
        device.is_changed = False
