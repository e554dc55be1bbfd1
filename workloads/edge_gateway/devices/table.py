"""All devices of the site: kept from the broker's retained messages, so that every replica has the same. Pure."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from edge_gateway.devices.device import Device, state_of, told
from edge_gateway.devices.gone import Gone
from edge_gateway.devices.ids import OrderedIds
from edge_gateway.devices.lives import Lives
from edge_wire.messages import Activity, DeviceStatus, RosterEntry

MOST_UNLISTED = 50_000
"""So many devices that no EdgeDevice tells of are kept: anybody may make up ids on a broker that is not ours."""

LONGEST_AGE = 1e9
"""Seconds (30 years): who was heard longer ago was not."""


@dataclass(slots=True)
class _Record:
    """What was told of a device.

    Attributes:
        said: what it said of itself.
        entry: what the operator says of its EdgeDevice.
    """

    said: DeviceStatus | None = None
    entry: RosterEntry | None = None


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
    """The devices of the site: those that the operator tells of, that have a status, or that were heard.

    On each connection the broker tells all that it has retained. What it no longer tells was cleared while we did
    not listen; `begin` and `complete` stand around the telling.

    Args:
        lives: whether they are alive.
        turned_away: called for each device that there was no room for.

    Attributes:
        complete_once: whether the broker has told all at least once: until then a missing device means nothing.
    """

    def __init__(self, lives: Lives, turned_away: Callable[[], None]) -> None:
        self.complete_once = False
        self._lives = lives
        self._turned_away = turned_away
        self._records: dict[str, _Record] = {}
        self._ids = OrderedIds()
        self._unlisted = 0
        self._gone = Gone(lives.steady)
        self._told_status: set[str] = set()
        self._told_roster: set[str] = set()

    def __len__(self) -> int:
        return len(self._records)

    def get(self, device_id: str) -> Device | None:
        """Return a device, None if nobody has told of it."""
        record = self._records.get(device_id)
        return None if record is None else self._shown(device_id, record)

    def begin(self) -> None:
        """Note that the broker begins to tell all that it has retained, on a new connection."""
        self._lives.connected()
        self._told_status.clear()
        self._told_roster.clear()

    def complete(self) -> None:
        """Note that it has told all: forget what it did not tell."""
        for device_id, record in tuple(self._records.items()):
            if record.said is not None and device_id not in self._told_status:
                self.set_status(device_id, None)
            if record.entry is not None and device_id not in self._told_roster:
                self.set_roster(device_id, None)
        self.complete_once = True

    def set_status(self, device_id: str, status: DeviceStatus | None, *, retained: bool = False) -> None:
        """Take what a device says of itself, its will perhaps; None where its status was cleared."""
        self._told_status.add(device_id)
        record = self._records.get(device_id)
        if status is None:
            if record is not None:
                record.said = None
                self._forget_if_untold(device_id, record)
        elif record := self._admitted(device_id):
            record.said = status
            self._lives.status(device_id, status, retained=retained)

    def set_roster(self, device_id: str, entry: RosterEntry | None) -> None:
        """Take what the operator says of an EdgeDevice; None where it is gone."""
        self._told_roster.add(device_id)
        record = self._records.get(device_id)
        if entry is None and (record is None or record.entry is None):
            return
        if record is None:
            record = self._add(device_id)
        self._unlisted += (entry is None) - (record.entry is None)
        record.entry = entry
        self._lives.put(device_id, entry)
        self._forget_if_untold(device_id, record)

    def heard(self, device_id: str) -> None:
        """Take a fresh message of a device, which may be one that nobody has told of so far."""
        if not self._gone.lately(device_id) and self._admitted(device_id):
            self._lives.heard(device_id)

    def digest(self, activity: Activity) -> None:
        """Take a digest of who was heard, or a reply that lists whoever was ever heard.

        A device that is gone must not come back by a reply, nor by a digest of what was under way when it went.
        """
        if not activity.is_reply:
            for device_id, age in activity.ages.items():
                if age < LONGEST_AGE and not self._gone.lately(device_id):
                    self._admitted(device_id)
        self._lives.digest(activity)
        if activity.is_reply and activity.queue_lag_seconds is not None:
            for device_id, age in activity.ages.items():
                record = self._records.get(device_id)
                if record is not None and (record.said is None or record.said.status == "online"):
                    self._lives.arrived(device_id, record.entry, age + activity.queue_lag_seconds)

    def page(self, after: str, limit: int, *, status: str | None = None, type_: str | None = None) -> Page:
        """Return at most `limit` devices whose ids come after `after`, of a status or a type where one is given."""
        found: list[str] = []
        last = None
        for device_id in self._matching(self._ids.after(after), status, type_):
            if len(found) == limit:
                last = found[-1]
                break
            found.append(device_id)
        return Page(tuple(self._shown(device_id, self._records[device_id]) for device_id in found), last)

    def count(self, *, status: str | None = None, type_: str | None = None) -> int:
        """Return how many there are, of a status or a type where one is given."""
        if type_ is None:
            return len(self._records) if status is None else self.tally().get(status, 0)
        return sum(1 for _ in self._matching(self._records, status, type_))

    def tally(self) -> dict[str, int]:
        """Return how many there are of each status."""
        counts = self._lives.counts()
        unknown = counts.unknown + counts.pending + counts.disabled
        return {"online": counts.online, "offline": counts.offline, "unknown": unknown}

    def _matching(self, device_ids: Iterable[str], status: str | None, type_: str | None) -> Iterator[str]:
        for device_id in device_ids:
            record = self._records[device_id]
            if type_ is not None and told(record.said, record.entry, "type") != type_:
                continue
            if status is not None and state_of(self._lives.known(device_id).phase) != status:
                continue
            yield device_id

    def _shown(self, device_id: str, record: _Record) -> Device:
        known = self._lives.known(device_id)
        seen = self._lives.last_seen(known, record.said)
        return Device(device_id, known.phase, known.reason, seen, record.said, record.entry)

    def _admitted(self, device_id: str) -> _Record | None:
        """Return the record of a device, a new one if there was none; None where there is no room for it."""
        record = self._records.get(device_id)
        if record is not None:
            return record
        if self._unlisted >= MOST_UNLISTED:
            self._turned_away()
            return None
        record = self._add(device_id)
        self._lives.put(device_id, None)
        return record

    def _add(self, device_id: str) -> _Record:
        record = self._records[device_id] = _Record()
        self._unlisted += 1
        self._ids.add(device_id)
        self._gone.back(device_id)
        return record

    def _forget_if_untold(self, device_id: str, record: _Record) -> None:
        if record.said is None and record.entry is None:
            del self._records[device_id]
            self._ids.remove(device_id)
            self._unlisted -= 1
            self._lives.remove(device_id)
            self._gone.went(device_id)
