"""When which device expires: ordered, so that checking 100,000 of them costs as little as checking one."""

import math
from collections.abc import Iterator
from heapq import heapify, heappop, heappush

from edge_liveness.device import Device, ExpiryBucket

PER_SECOND = 4
"""Slots a second: a device expires at most 1/4 s after its deadline, and never before it."""

_SPARE = 64
"""Numbers of empty slots that may stay in the heap before it is rebuilt."""


class Expiry:
    """Devices in slots of a quarter of a second, by their deadlines. All times are seconds of the monotonic clock.

    Each heartbeat moves the deadline of its device to a later time, so this must be cheap: most devices stay in their
    slot, the others move from one set to another. A heap orders the slots, not the devices.
    """

    def __init__(self) -> None:
        self._slots: dict[int, ExpiryBucket] = {}
        self._order: list[int] = []

    def file(self, device: Device, deadline: float) -> None:
        """File a device under `deadline`, unless it is filed under the same or a later one already."""
        number = math.ceil(deadline * PER_SECOND)
        if device.slot is None or number > device.slot.number:
            self._move(device, number)

    def refile(self, device: Device, deadline: float) -> None:
        """File a device under `deadline`, even if that is earlier than before."""
        self._move(device, math.ceil(deadline * PER_SECOND))

    def drop(self, device: Device) -> None:
        """Remove a device, filed or not."""
        slot, device.slot = device.slot, None
        if slot is not None:
            slot.devices.discard(device)
            if not slot.devices:
                self._remove(slot.number)

    def due(self, at: float) -> Iterator[Device]:
        """Remove and yield all devices with a deadline not after `at`."""
        limit = math.floor(at * PER_SECOND)
        while (number := self._first()) is not None and number <= limit:
            slot = self._slots.pop(number)
            for device in slot.devices:
                device.slot = None
            yield from slot.devices

    def first(self) -> float | None:
        """Return the earliest deadline; None if nothing is filed."""
        number = self._first()
        return None if number is None else number / PER_SECOND

    def _first(self) -> int | None:
        while self._order and self._order[0] not in self._slots:
            heappop(self._order)
        return self._order[0] if self._order else None

    def _move(self, device: Device, number: int) -> None:
        self.drop(device)
        slot = self._slots.get(number)
        if slot is None:
            slot = self._slots[number] = ExpiryBucket(number)
            heappush(self._order, number)
        slot.devices.add(device)
        device.slot = slot

    def _remove(self, number: int) -> None:
        del self._slots[number]
        if len(self._order) > 2 * len(self._slots) + _SPARE:
            self._order = list(self._slots)
            heapify(self._order)
