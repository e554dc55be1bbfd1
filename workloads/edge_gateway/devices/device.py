"""One device, as told by itself, by the operator, and by what was concluded of its life. Pure."""

import datetime as dt
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from edge_liveness import Phase, Reason
from edge_wire.messages import DeviceStatus, RosterEntry, format_timestamp

UNKNOWN = "unknown"
"""The status of a device of which nothing can be said now; its reason says why."""

STATES = ("online", "offline", UNKNOWN)

_STATES = MappingProxyType({Phase.ONLINE: "online", Phase.OFFLINE: "offline"})


def state_of(phase: Phase) -> str:
    """Return `online`, `offline` or `unknown`."""
    return _STATES.get(phase, UNKNOWN)


@dataclass(frozen=True, slots=True)
class Device:
    """What is known of a device at one moment.

    Attributes:
        id: its id.
        phase: whether it is alive.
        reason: why that is so.
        last_seen: when it last gave a sign of life, by the clock of the site; None if it is not known to have.
        said: what it said of itself, if it did.
        entry: what the operator says of its EdgeDevice, if there is one.
    """

    id: str
    phase: Phase
    reason: Reason
    last_seen: dt.datetime | None = None
    said: DeviceStatus | None = None
    entry: RosterEntry | None = None

    @property
    def state(self) -> str:
        """Return `online`, `offline` or `unknown`."""
        return state_of(self.phase)

    def to_object(self) -> dict[str, Any]:
        """Return the fields of the status payload."""
        said = self.said.to_object() if self.said else {"metadata": {}}
        return said | {
            "id": self.id,
            "name": told(self.said, self.entry, "name") or self.id,
            "type": told(self.said, self.entry, "type"),
            "location": told(self.said, self.entry, "location"),
            "status": self.state,
            "reason": self.reason.value,
            "last_seen": self._last_seen_text(),
        }

    def to_status(self) -> dict[str, Any]:
        """Return its status alone."""
        return {"device_id": self.id, "status": self.state, "last_seen": self._last_seen_text()}

    def _last_seen_text(self) -> str | None:
        return format_timestamp(self.last_seen) if self.last_seen else None


def told(said: DeviceStatus | None, entry: RosterEntry | None, name: str) -> str:
    """Return a text as the device says it, else as its EdgeDevice does; empty where neither does."""
    return (str(getattr(said, name)) if said else "") or (str(getattr(entry, name)) if entry else "")
