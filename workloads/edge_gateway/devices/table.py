"""All devices of the site, from the broker's retained messages: every replica has the same. Pure."""

from collections.abc import Callable, Iterable, Iterator

from edge_gateway.devices.device import Device, state_of
from edge_gateway.devices.follow import follow
from edge_gateway.devices.liveness import DeviceLiveness
from edge_gateway.devices.page import DevicePage
from edge_gateway.devices.records import Record, Records
from edge_gateway.devices.resync import RetainedResync
from edge_gateway.devices.tombstones import TOMBSTONE_SECONDS, Tombstones
from edge_wire.messages import Activity, DeviceStatus, RosterEntry

MAX_UNLISTED = 50_000
"""Maximum number of devices without a roster entry: on a broker of the user, anybody may invent ids."""


class DeviceTable:
    """The devices of the site: those with a roster entry, with a status, or with a recent message.

    On each connection the broker sends all retained messages. What it does not send was cleared while there was no
    connection, or lost: `expire` removes it a while after `end_resync`.

    Args:
        liveness: of the devices.
        rejected: called for each device over the limit.
        grace: seconds after a resync until what the broker has not sent again is removed.

    Attributes:
        has_been_complete: whether a resync has ever ended: until then the list of devices means nothing.
        is_current: whether the resync of the present connection has ended: otherwise a missing device means nothing.
    """

    def __init__(self, liveness: DeviceLiveness, rejected: Callable[[], None], grace: float) -> None:
        self.has_been_complete = False
        self.is_current = False
        self._liveness = liveness
        self._rejected = rejected
        self._records = Records()
        self._tombstones = Tombstones(liveness.steady)
        self._resync = RetainedResync(liveness.steady, grace)

    def __len__(self) -> int:
        return len(self._records)

    def get(self, device_id: str) -> Device | None:
        """Return a device, None if it is unknown."""
        record = self._records.get(device_id)
        return None if record is None else self._shown(device_id, record)

    def begin_resync(self) -> None:
        """Handle a new connection, on which the broker begins to send its retained messages."""
        self.is_current = False
        self._liveness.connected()
        self._resync.begin()

    def end_resync(self) -> None:
        """Record that the broker has sent all retained messages."""
        self._resync.complete()
        self.has_been_complete = True
        self.is_current = True

    def disconnected(self) -> None:
        """Record that the connection ended: what the operator publishes now is received after the next one."""
        self.is_current = False

    def expire(self) -> None:
        """Remove what the broker has not sent again, after the grace period of a resync; call it periodically."""
        if not self._resync.is_due:
            return
        for device_id, record in self._records:
            lost_status = record.status is not None and not self._resync.has_status(device_id)
            lost_entry = record.entry is not None and not self._resync.has_entry(device_id)
            if lost_status:
                record.status = None
            if lost_entry:
                self._enter(device_id, record, None)
            if record.is_orphan and not self._was_active(device_id):
                self._forget(device_id)
        self._resync.end()

    def set_status(self, device_id: str, status: DeviceStatus | None, *, retained: bool = False) -> None:
        """Handle the status of a device, which may be its will; None if it was cleared."""
        record = self._records.get(device_id) if status is None else self._admit(device_id)
        if record is None:
            return
        record.set_status(status)
        if status is not None:
            self._resync.status(device_id)
            record.follows &= retained
            self._liveness.status(device_id, status, retained=retained)
            if record.follows and record.entry is not None:
                # The operator received it too: its state stands.
                self._liveness.adopt(device_id, record.entry)
        elif record.is_orphan:
            self._forget(device_id)
            self._tombstones.add(device_id)

    def set_roster(self, device_id: str, entry: RosterEntry | None, *, retained: bool = False) -> None:
        """Handle the roster entry of a device; None if its EdgeDevice was deleted."""
        record = self._records.get(device_id)
        if entry is not None:
            before = None if record is None else record.entry
            if record is not None and entry.is_of_another(record.entry):
                self._liveness.remove(device_id)
            record = record or self._add(device_id)
            self._enter(device_id, record, entry)
            follow(self._liveness, device_id, record, before, retained=retained)
            self._resync.entry(device_id)
        elif record is not None and record.entry is not None:
            self._enter(device_id, record, None)
            if record.is_orphan:
                self._forget(device_id)
                self._tombstones.add(device_id)

    def message_received(self, device_id: str) -> None:
        """Handle a fresh message of a device, which may be unknown so far."""
        if not self._tombstones.is_recent(device_id) and (record := self._admit(device_id)):
            record.follows = False
            self._liveness.message_received(device_id)

    def digest(self, activity: Activity) -> None:
        """Handle a digest of recent messages, or the reply with the last arrival of every device.

        A deleted device must not reappear by a reply, nor by a digest of messages that were in flight at its deletion.
        """
        lag = activity.queue_lag_seconds
        if not activity.is_reply and lag is not None:
            for device_id, age in activity.ages.items():
                # A message that was queued longer than the tombstone TTL may come from a deleted device.
                if age + lag < TOMBSTONE_SECONDS and not self._tombstones.is_recent(device_id):
                    self._admit(device_id)
                self._records.lead(device_id)
        self._liveness.digest(activity)

    def page(self, after: str, limit: int, *, status: str | None = None, type_: str | None = None) -> DevicePage:
        """Return at most `limit` devices with ids after `after`; optionally of one status or type."""
        found: list[str] = []
        last = None
        for device_id in self._matching(self._records.after(after), status, type_):
            if len(found) == limit:
                last = found[-1]
                break
            found.append(device_id)
        return DevicePage(tuple(self._shown(device_id, self._records[device_id]) for device_id in found), last)

    def count(self, *, status: str | None = None, type_: str | None = None) -> int:
        """Return the number of devices; optionally of one status or type."""
        if type_ is None:
            return len(self._records) if status is None else self.count_by_status().get(status, 0)
        return sum(1 for _ in self._matching(self._records.after(""), status, type_))

    def count_by_status(self) -> dict[str, int]:
        """Return the number of devices of each status."""
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
        """Return the record of a device, a new one if there is none; None if the limit is reached."""
        record = self._records.get(device_id)
        if record is not None:
            return record
        if self._records.unlisted >= MAX_UNLISTED:
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

    def _was_active(self, device_id: str) -> bool:
        """Return whether a message of a device arrived on this connection."""
        seen = self._liveness.known(device_id).seen
        return seen is not None and seen >= self._resync.since
