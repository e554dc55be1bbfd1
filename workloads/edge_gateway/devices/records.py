"""Status message and roster entry of each device; by id, and in the order of ids. Pure."""

import bisect
from collections.abc import Iterator
from dataclasses import dataclass, replace

from edge_wire.messages import DeviceStatus, RosterEntry


@dataclass(slots=True)
class Record:
    """Status message and roster entry of a device.

    Attributes:
        status: the device's own status; None if it has none.
        entry: the operator's entry for its EdgeDevice; None if there is none.
        follows: whether its state is the operator's, because no message of the device has arrived here since.
    """

    status: DeviceStatus | None = None
    entry: RosterEntry | None = None
    follows: bool = False

    @property
    def is_orphan(self) -> bool:
        """Whether there is neither a status nor a roster entry."""
        return self.status is None and self.entry is None

    def set_status(self, status: DeviceStatus | None) -> None:
        """Set the status, None if it was cleared. Of one without a word that can be read, the former fields stay."""
        if status is not None and status.fault is not None and not status.word and self.status is not None:
            status = replace(self.status, status=status.status, word="", fault=status.fault)
        self.status = status

    def text(self, name: str) -> str:
        """Return a text field of the status, else of the roster entry; empty if neither has it."""
        own = str(getattr(self.status, name)) if self.status else ""
        return own or (str(getattr(self.entry, name)) if self.entry else "")


class Records:
    """The records of all devices.

    Attributes:
        unlisted: number of devices without a roster entry.
    """

    def __init__(self) -> None:
        self.unlisted = 0
        self._records: dict[str, Record] = {}
        self._ids: list[str] = []

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[tuple[str, Record]]:
        """Yield each device's id and record; devices may be removed during it."""
        return iter(tuple(self._records.items()))

    def __getitem__(self, device_id: str) -> Record:
        """Return the record of a known device."""
        return self._records[device_id]

    def get(self, device_id: str) -> Record | None:
        """Return the record of a device, None if there is none."""
        return self._records.get(device_id)

    def lead(self, device_id: str) -> None:
        """Record that a message of a device has arrived here, if it is known."""
        if (record := self._records.get(device_id)) is not None:
            record.follows = False

    def add(self, device_id: str) -> Record:
        """Add an unknown device with an empty record."""
        record = self._records[device_id] = Record()
        self.unlisted += 1
        bisect.insort(self._ids, device_id)
        return record

    def enter(self, record: Record, entry: RosterEntry | None) -> None:
        """Set the roster entry of a device; None if its EdgeDevice was deleted."""
        self.unlisted += (entry is None) - (record.entry is None)
        record.entry = entry

    def remove(self, device_id: str) -> None:
        """Remove a known device."""
        self.unlisted -= self._records.pop(device_id).entry is None
        del self._ids[bisect.bisect_left(self._ids, device_id)]

    def after(self, device_id: str) -> Iterator[str]:
        """Yield the ids after `device_id`, which may be unknown, in order."""
        for index in range(bisect.bisect_right(self._ids, device_id), len(self._ids)):
            yield self._ids[index]
