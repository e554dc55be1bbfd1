"""What was told of each device, by whom; found by id, and read in the order of ids. Pure."""

import bisect
from collections.abc import Iterator
from dataclasses import dataclass

from edge_wire.messages import DeviceStatus, RosterEntry


@dataclass(slots=True)
class Record:
    """What was told of a device.

    Attributes:
        status: what it reported of itself.
        entry: what the operator says of its EdgeDevice.
    """

    status: DeviceStatus | None = None
    entry: RosterEntry | None = None

    @property
    def is_orphan(self) -> bool:
        """Whether nobody tells of it any more."""
        return self.status is None and self.entry is None

    def text(self, name: str) -> str:
        """Return a text as the device says it, else as its EdgeDevice does; empty where neither does."""
        own = str(getattr(self.status, name)) if self.status else ""
        return own or (str(getattr(self.entry, name)) if self.entry else "")


class Records:
    """The records of all devices.

    Attributes:
        unlisted: of how many devices no EdgeDevice tells.
    """

    def __init__(self) -> None:
        self.unlisted = 0
        self._records: dict[str, Record] = {}
        self._ids: list[str] = []

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[tuple[str, Record]]:
        """Yield each device's id and record; meanwhile others may go."""
        return iter(tuple(self._records.items()))

    def __getitem__(self, device_id: str) -> Record:
        """Return the record of a device that is there."""
        return self._records[device_id]

    def get(self, device_id: str) -> Record | None:
        """Return the record of a device, None if there is none."""
        return self._records.get(device_id)

    def add(self, device_id: str) -> Record:
        """Add a device that is not there; nobody has told of it yet."""
        record = self._records[device_id] = Record()
        self.unlisted += 1
        bisect.insort(self._ids, device_id)
        return record

    def enter(self, record: Record, entry: RosterEntry | None) -> None:
        """Put down what the operator says of a device's EdgeDevice; None where it is gone."""
        self.unlisted += (entry is None) - (record.entry is None)
        record.entry = entry

    def remove(self, device_id: str) -> None:
        """Remove a device that is there."""
        self.unlisted -= self._records.pop(device_id).entry is None
        del self._ids[bisect.bisect_left(self._ids, device_id)]

    def after(self, device_id: str) -> Iterator[str]:
        """Yield the ids that come after one, which need not be there, in their order."""
        for index in range(bisect.bisect_right(self._ids, device_id), len(self._ids)):
            yield self._ids[index]
