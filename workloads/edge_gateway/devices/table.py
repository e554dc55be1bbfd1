"""All devices of the site: kept from the broker's retained messages, so that every replica has the same. Pure."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from edge_gateway.devices.device import Device, state_of
from edge_gateway.devices.liveness import DeviceLiveness
from edge_gateway.devices.records import Record, Records
from edge_gateway.devices.resync import RetainedResync
from edge_gateway.devices.tombstones import TOMBSTONE_SECONDS, Tombstones
from edge_wire.messages import Activity, DeviceStatus, RosterEntry

MOST_UNLISTED = 50_000
"""So many devices that no EdgeDevice tells of are kept: anybody may make up ids on a broker that is not ours."""


@dataclass(frozen=True, slots=True)
class DevicePage:
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
    not listen, or lost; `begin_resync` and `end_resync` stand around the telling, and `expire` forgets.

    Args:
        liveness: whether they are alive.
        rejected: called for each device that there was no room for.
        patience: seconds until what the broker has not told again is forgotten.

    Attributes:
        has_been_complete: whether the broker has told all at least once: until then a missing device means nothing.
    """

    def __init__(self, liveness: DeviceLiveness, rejected: Callable[[], None], patience: float) -> None:
        self.has_been_complete = False
        self._liveness = liveness
        self._rejected = rejected
        self._records = Records()
        self._tombstones = Tombstones(liveness.steady)
        self._resync = RetainedResync(liveness.steady, patience)

    def __len__(self) -> int:
        return len(self._records)

    def get(self, device_id: str) -> Device | None:
        """Return a device, None if nobody has told of it."""
        record = self._records.get(device_id)
        return None if record is None else self._shown(device_id, record)

    def begin_resync(self) -> None:
        """Note that the broker begins to tell all that it has retained, on a new connection."""
        self._liveness.connected()
        self._resync.begin()

    def end_resync(self) -> None:
        """Note that it has told all."""
        self._resync.complete()
        self.has_been_complete = True

    def expire(self) -> None:
        """Forget what the broker has not told again, a while after it has told all; to be called now and then."""
        if not self._resync.is_due:
            return
        for device_id, record in self._records:
            lost_status = record.status is not None and not self._resync.has_status(device_id)
            lost_entry = record.entry is not None and not self._resync.has_entry(device_id)
            if lost_status:
                record.status = None
            if lost_entry:
                self._enter(device_id, record, None)
            if record.is_orphan and not self._was_heard(device_id):
                self._forget(device_id)
        self._resync.end()

    def set_status(self, device_id: str, status: DeviceStatus | None, *, retained: bool = False) -> None:
        """Take what a device says of itself, its will perhaps; None where its status was cleared."""
        record = self._records.get(device_id) if status is None else self._admit(device_id)
        if record is None:
            return
        record.status = status
        if status is not None:
            self._resync.status(device_id)
            self._liveness.status(device_id, status, retained=retained)
        elif record.is_orphan:
            self._forget(device_id)
            self._tombstones.add(device_id)

    def set_roster(self, device_id: str, entry: RosterEntry | None) -> None:
        """Take what the operator says of an EdgeDevice; None where it is gone."""
        record = self._records.get(device_id)
        if entry is not None:
            if record is not None and entry.is_of_another(record.entry):
                self._liveness.remove(device_id)
            self._enter(device_id, record or self._add(device_id), entry)
            self._resync.entry(device_id)
        elif record is not None and record.entry is not None:
            self._enter(device_id, record, None)
            if record.is_orphan:
                self._forget(device_id)
                self._tombstones.add(device_id)

    def heard(self, device_id: str) -> None:
        """Take a fresh message of a device, which may be one that nobody has told of so far."""
        if not self._tombstones.is_recent(device_id) and self._admit(device_id):
            self._liveness.heard(device_id)

    def digest(self, activity: Activity) -> None:
        """Take a digest of who was heard, or a reply that lists whoever was ever heard.

        A device that is gone must not come back by a reply, nor by a digest of what was under way when it went.
        """
        lag = activity.queue_lag_seconds
        if not activity.is_reply and lag is not None:
            for device_id, age in activity.ages.items():
                # What has lain in a queue for longer than those that went are remembered may be of one of them.
                if age + lag < TOMBSTONE_SECONDS and not self._tombstones.is_recent(device_id):
                    self._admit(device_id)
        self._liveness.digest(activity)
        if activity.is_reply and activity.queue_lag_seconds is not None:
            for device_id, age in activity.ages.items():
                record = self._records.get(device_id)
                if record is not None and (record.status is None or record.status.status == "online"):
                    self._liveness.arrived(device_id, record.entry, age + activity.queue_lag_seconds)

    def page(self, after: str, limit: int, *, status: str | None = None, type_: str | None = None) -> DevicePage:
        """Return at most `limit` devices whose ids come after `after`, of a status or a type where one is given."""
        found: list[str] = []
        last = None
        for device_id in self._matching(self._records.after(after), status, type_):
            if len(found) == limit:
                last = found[-1]
                break
            found.append(device_id)
        return DevicePage(tuple(self._shown(device_id, self._records[device_id]) for device_id in found), last)

    def count(self, *, status: str | None = None, type_: str | None = None) -> int:
        """Return how many there are, of a status or a type where one is given."""
        if type_ is None:
            return len(self._records) if status is None else self.count_by_status().get(status, 0)
        return sum(1 for _ in self._matching(self._records.after(""), status, type_))

    def count_by_status(self) -> dict[str, int]:
        """Return how many there are of each status."""
        counts = self._liveness.counts()
        unknown = counts.unknown + counts.pending + counts.disabled
        return {"online": counts.online, "offline": counts.offline, "unknown": unknown}

    def _matching(self, device_ids: Iterable[str], status: str | None, type_: str | None) -> Iterator[str]:
        for device_id in device_ids:
            record = self._records[device_id]
            if type_ is not None and record.text("type") != type_:
                continue
            if status is not None and state_of(self._liveness.known(device_id).phase) != status:
                continue
            yield device_id

    def _shown(self, device_id: str, record: Record) -> Device:
        known = self._liveness.known(device_id)
        seen = self._liveness.last_seen(known, record.status)
        return Device(device_id, known.phase, known.reason, record, seen)

    def _admit(self, device_id: str) -> Record | None:
        """Return the record of a device, a new one if there was none; None where there is no room for it."""
        record = self._records.get(device_id)
        if record is not None:
            return record
        if self._records.unlisted >= MOST_UNLISTED:
            self._rejected()
            return None
        record = self._add(device_id)
        self._liveness.put(device_id, None)
        return record

    def _add(self, device_id: str) -> Record:
        self._tombstones.discard(device_id)
        return self._records.add(device_id)

    def _enter(self, device_id: str, record: Record, entry: RosterEntry | None) -> None:
        self._records.enter(record, entry)
        self._liveness.put(device_id, entry)

    def _forget(self, device_id: str) -> None:
        self._records.remove(device_id)
        self._liveness.remove(device_id)

    def _was_heard(self, device_id: str) -> bool:
        """Return whether a device was heard on this connection."""
        seen = self._liveness.known(device_id).seen
        return seen is not None and seen >= self._resync.since
