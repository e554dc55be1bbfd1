"""All devices of the site: kept from the broker's retained messages, so that every replica has the same. Pure."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from edge_gateway.devices.device import Device, state_of
from edge_gateway.devices.gone import LATELY_SECONDS, Gone
from edge_gateway.devices.lives import Lives
from edge_gateway.devices.records import Record, Records
from edge_gateway.devices.retelling import Retelling
from edge_wire.messages import Activity, DeviceStatus, RosterEntry

MOST_UNLISTED = 50_000
"""So many devices that no EdgeDevice tells of are kept: anybody may make up ids on a broker that is not ours."""


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
    not listen, or lost; `begin` and `complete` stand around the telling, and `sweep` forgets.

    Args:
        lives: whether they are alive.
        turned_away: called for each device that there was no room for.
        patience: seconds until what the broker has not told again is forgotten.

    Attributes:
        complete_once: whether the broker has told all at least once: until then a missing device means nothing.
    """

    def __init__(self, lives: Lives, turned_away: Callable[[], None], patience: float) -> None:
        self.complete_once = False
        self._lives = lives
        self._turned_away = turned_away
        self._records = Records()
        self._gone = Gone(lives.steady)
        self._retelling = Retelling(lives.steady, patience)

    def __len__(self) -> int:
        return len(self._records)

    def get(self, device_id: str) -> Device | None:
        """Return a device, None if nobody has told of it."""
        record = self._records.get(device_id)
        return None if record is None else self._shown(device_id, record)

    def begin(self) -> None:
        """Note that the broker begins to tell all that it has retained, on a new connection."""
        self._lives.connected()
        self._retelling.begin()

    def complete(self) -> None:
        """Note that it has told all."""
        self._retelling.complete()
        self.complete_once = True

    def sweep(self) -> None:
        """Forget what the broker has not told again, a while after it has told all; to be called now and then."""
        if not self._retelling.is_due:
            return
        for device_id, record in self._records:
            lost_status = record.said is not None and not self._retelling.has_status(device_id)
            lost_entry = record.entry is not None and not self._retelling.has_entry(device_id)
            if lost_status:
                record.said = None
            if lost_entry:
                self._enter(device_id, record, None)
            if record.is_untold and not self._was_heard(device_id):
                self._forget(device_id)
        self._retelling.end()

    def set_status(self, device_id: str, status: DeviceStatus | None, *, retained: bool = False) -> None:
        """Take what a device says of itself, its will perhaps; None where its status was cleared."""
        record = self._records.get(device_id) if status is None else self._admitted(device_id)
        if record is None:
            return
        record.said = status
        if status is not None:
            self._retelling.status(device_id)
            self._lives.status(device_id, status, retained=retained)
        elif record.is_untold:
            self._forget(device_id)
            self._gone.went(device_id)

    def set_roster(self, device_id: str, entry: RosterEntry | None) -> None:
        """Take what the operator says of an EdgeDevice; None where it is gone."""
        record = self._records.get(device_id)
        if entry is not None:
            if record is not None and entry.is_of_another(record.entry):
                self._lives.remove(device_id)
            self._enter(device_id, record or self._add(device_id), entry)
            self._retelling.entry(device_id)
        elif record is not None and record.entry is not None:
            self._enter(device_id, record, None)
            if record.is_untold:
                self._forget(device_id)
                self._gone.went(device_id)

    def heard(self, device_id: str) -> None:
        """Take a fresh message of a device, which may be one that nobody has told of so far."""
        if not self._gone.lately(device_id) and self._admitted(device_id):
            self._lives.heard(device_id)

    def digest(self, activity: Activity) -> None:
        """Take a digest of who was heard, or a reply that lists whoever was ever heard.

        A device that is gone must not come back by a reply, nor by a digest of what was under way when it went.
        """
        lag = activity.queue_lag_seconds
        if not activity.is_reply and lag is not None:
            for device_id, age in activity.ages.items():
                # What has lain in a queue for longer than those that went are remembered may be of one of them.
                if age + lag < LATELY_SECONDS and not self._gone.lately(device_id):
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
        for device_id in self._matching(self._records.after(after), status, type_):
            if len(found) == limit:
                last = found[-1]
                break
            found.append(device_id)
        return Page(tuple(self._shown(device_id, self._records[device_id]) for device_id in found), last)

    def count(self, *, status: str | None = None, type_: str | None = None) -> int:
        """Return how many there are, of a status or a type where one is given."""
        if type_ is None:
            return len(self._records) if status is None else self.tally().get(status, 0)
        return sum(1 for _ in self._matching(self._records.after(""), status, type_))

    def tally(self) -> dict[str, int]:
        """Return how many there are of each status."""
        counts = self._lives.counts()
        unknown = counts.unknown + counts.pending + counts.disabled
        return {"online": counts.online, "offline": counts.offline, "unknown": unknown}

    def _matching(self, device_ids: Iterable[str], status: str | None, type_: str | None) -> Iterator[str]:
        for device_id in device_ids:
            record = self._records[device_id]
            if type_ is not None and record.text("type") != type_:
                continue
            if status is not None and state_of(self._lives.known(device_id).phase) != status:
                continue
            yield device_id

    def _shown(self, device_id: str, record: Record) -> Device:
        known = self._lives.known(device_id)
        seen = self._lives.last_seen(known, record.said)
        return Device(device_id, known.phase, known.reason, record, seen)

    def _admitted(self, device_id: str) -> Record | None:
        """Return the record of a device, a new one if there was none; None where there is no room for it."""
        record = self._records.get(device_id)
        if record is not None:
            return record
        if self._records.unlisted >= MOST_UNLISTED:
            self._turned_away()
            return None
        record = self._add(device_id)
        self._lives.put(device_id, None)
        return record

    def _add(self, device_id: str) -> Record:
        self._gone.back(device_id)
        return self._records.add(device_id)

    def _enter(self, device_id: str, record: Record, entry: RosterEntry | None) -> None:
        self._records.enter(record, entry)
        self._lives.put(device_id, entry)

    def _forget(self, device_id: str) -> None:
        self._records.remove(device_id)
        self._lives.remove(device_id)

    def _was_heard(self, device_id: str) -> bool:
        """Return whether a device was heard on this connection."""
        seen = self._lives.known(device_id).seen
        return seen is not None and seen >= self._retelling.since
