"""Statuses that cannot be read: of which devices that is shown, and until when. Pure.

A device may send readable and unreadable statuses in turns, so a fault is shown for a minimum time: it then causes at
most two writes in that time, however often the device sends.
"""

import math

from edge_liveness.device import Device
from edge_wire.messages import StatusFault

MIN_SHOWN_SECONDS = 300.0
"""Minimum seconds for which a fault is shown."""


class Faults:
    """The faults of the devices of a site. All times are seconds of the caller's monotonic clock."""

    def __init__(self) -> None:
        self._shown_at: dict[str, float] = {}
        self._ends: dict[str, float] = {}
        self._first = math.inf
        self._new: list[str] = []
        self._ended: list[str] = []

    def note(self, device: Device, fault: StatusFault | None, at: float) -> None:
        """Handle a status of a device, which arrived at `at`, and what cannot be read of it; None if all can."""
        name = device.device_id
        if fault is not None:
            if device.fault is None:
                self._shown_at[name] = at
                self._new.append(name)
            device.fault = fault
            self._ends.pop(name, None)
        elif device.fault is not None and name not in self._ends:
            # One that was restored has been shown since an unknown time: it ends at once.
            self._ends[name] = max(at, self._shown_at.get(name, -math.inf) + MIN_SHOWN_SECONDS)
            self._first = min(self._first, self._ends[name])

    def remove(self, device_id: str) -> None:
        """Remove a device."""
        self._shown_at.pop(device_id, None)
        self._ends.pop(device_id, None)

    def end(self, devices: dict[str, Device], at: float) -> None:
        """End the faults that have been shown for long enough."""
        if self._first > at:
            return
        for name in [name for name, end in self._ends.items() if end <= at]:
            self.remove(name)
            devices[name].fault = None
            self._ended.append(name)
        self._first = min(self._ends.values(), default=math.inf)

    def first(self) -> float | None:
        """Return when a fault ends at the earliest; None if none does."""
        if self._new or self._ended:
            return -math.inf
        return None if self._first == math.inf else self._first

    def changes(self) -> tuple[list[str], list[str]]:
        """Return the devices with a new fault, and those with a fault that has ended, since the last call."""
        new, self._new = self._new, []
        ended, self._ended = self._ended, []
        return new, ended
