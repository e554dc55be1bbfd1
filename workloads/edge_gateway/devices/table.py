"""All devices of the site: kept from the broker's retained messages, so that every replica has the same. Pure."""

import bisect
import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from edge_gateway.devices.device import UNKNOWN, Device
from edge_wire.messages import DeviceStatus

STATES = ("online", "offline", UNKNOWN)


@dataclass(frozen=True, slots=True)
class Page:
    """A part of the table.

    Attributes:
        devices: in the order of their ids.
        last: where the next page begins after; None if this was the last.
    """

    devices: tuple[Device, ...]
    last: str | None


class DeviceTable:
    """The devices of the site.

    On each connection the broker tells all that it has retained. What it no longer tells was cleared while we did
    not listen; `begin` and `complete` stand around the telling.

    Attributes:
        complete_once: whether the broker has told all at least once: until then a missing device means nothing.
    """

    def __init__(self) -> None:
        self.complete_once = False
        self._devices: dict[str, Device] = {}
        self._order: list[str] = []
        self._told_status: set[str] = set()
        self._told_roster: set[str] = set()

    def __len__(self) -> int:
        return len(self._devices)

    def get(self, device_id: str) -> Device | None:
        """Return a device, None if nobody has told of it."""
        return self._devices.get(device_id)

    def begin(self) -> None:
        """Note that the broker begins to tell all that it has retained."""
        self._told_status.clear()
        self._told_roster.clear()

    def complete(self) -> None:
        """Note that it has told all: forget what it did not tell."""
        for device in tuple(self._devices.values()):
            if device.status is not None and device.id not in self._told_status:
                self.set_status(device.id, None)
            if device.roster is not None and device.id not in self._told_roster:
                self.set_roster(device.id, None)
        self.complete_once = True

    def set_status(self, device_id: str, status: DeviceStatus | None) -> None:
        """Take what a device says of itself; None where its status was cleared."""
        self._told_status.add(device_id)
        if status is not None or device_id in self._devices:
            self._known(device_id).status = status
            self._forget_if_untold(device_id)

    def set_roster(self, device_id: str, roster: Mapping[str, Any] | None) -> None:
        """Take what the operator says of an EdgeDevice; None where it is gone."""
        self._told_roster.add(device_id)
        if roster is not None or device_id in self._devices:
            self._known(device_id).roster = roster
            self._forget_if_untold(device_id)

    def heard(self, device_id: str, when: dt.datetime, *, add: bool) -> None:
        """Note that something came from a device; with `add` even if nobody has told of it so far."""
        device = self._known(device_id) if add else self._devices.get(device_id)
        if device is not None and (device.heard_at is None or device.heard_at < when):
            device.heard_at = when

    def page(self, after: str, limit: int, *, status: str | None = None, type_: str | None = None) -> Page:
        """Return at most `limit` devices whose ids come after `after`, of a status or a type where one is given."""
        found: list[Device] = []
        for device in self._after(after):
            if status not in (None, device.state) or type_ not in (None, device.type):
                continue
            if len(found) == limit:
                return Page(tuple(found), found[-1].id)
            found.append(device)
        return Page(tuple(found), None)

    def count(self, *, status: str | None = None, type_: str | None = None) -> int:
        """Return how many there are, of a status or a type where one is given."""
        if status is None and type_ is None:
            return len(self._devices)
        return sum(status in (None, device.state) and type_ in (None, device.type) for device in self._devices.values())

    def tally(self) -> dict[str, int]:
        """Return how many there are of each status."""
        counted = Counter(device.state for device in self._devices.values())
        return {state: counted[state] for state in STATES}

    def _after(self, after: str) -> Iterator[Device]:
        for index in range(bisect.bisect_right(self._order, after), len(self._order)):
            yield self._devices[self._order[index]]

    def _known(self, device_id: str) -> Device:
        if device_id not in self._devices:
            self._devices[device_id] = Device(device_id)
            bisect.insort(self._order, device_id)
        return self._devices[device_id]

    def _forget_if_untold(self, device_id: str) -> None:
        device = self._devices[device_id]
        if device.status is None and device.roster is None:
            del self._devices[device_id]
            del self._order[bisect.bisect_left(self._order, device_id)]
