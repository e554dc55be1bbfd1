"""One device: what it reported, its roster entry, and its liveness. Pure."""

import datetime as dt
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from edge_gateway.devices.records import Record
from edge_liveness import Phase, Reason
from edge_wire.messages import format_timestamp

UNKNOWN = "unknown"
"""The status of a device with unknown liveness; `reason` is the cause."""

STATES = ("online", "offline", UNKNOWN)

_STATES = MappingProxyType({Phase.ONLINE: "online", Phase.OFFLINE: "offline"})


def state_of(phase: Phase) -> str:
    """Return `online`, `offline` or `unknown`."""
    return _STATES.get(phase, UNKNOWN)


@dataclass(frozen=True, slots=True)
class Device:
    """The state of a device at one moment.

    Attributes:
        id: of the device.
        phase: its liveness.
        reason: the reason for the phase.
        record: its status message and roster entry.
        last_seen: when its last sign of life arrived, by the clock of the site; None if none is known.
    """

    id: str
    phase: Phase
    reason: Reason
    record: Record
    last_seen: dt.datetime | None = None

    @property
    def state(self) -> str:
        """Return `online`, `offline` or `unknown`."""
        return state_of(self.phase)

    @property
    def accepts_cloud_commands(self) -> bool:
        """Whether its EdgeDevice lets the cloud send it commands."""
        return self.record.entry is not None and self.record.entry.cloud_commands

    def to_object(self) -> dict[str, Any]:
        """Return the fields of the status payload."""
        status = self.record.status.to_object() if self.record.status else {"metadata": {}}
        return (
            status
            | self._own_word()
            | {
                "id": self.id,
                "name": self.record.text("name") or self.id,
                "type": self.record.text("type"),
                "location": self.record.text("location"),
                "status": self.state,
                "reason": self._shown_reason(),
                "last_seen": self._last_seen_text(),
            }
        )

    def _shown_reason(self) -> str:
        """Return the reason; of a device that is Offline for the operator too, that of the operator.

        Each decides by the messages that it received, so they may have come to Offline in different ways.
        """
        told = None if self.record.entry is None else self.record.entry.liveness
        is_agreed = told is not None and told.phase == self.phase == Phase.OFFLINE
        return told.reason if told is not None and is_agreed else self.reason.value

    def _own_word(self) -> dict[str, Any]:
        """Return the device's own word, and what cannot be read of its status, if there are any."""
        status = self.record.status
        if status is None:
            return {}
        fault = {"status_fault": status.fault.message} if status.fault else {}
        return fault | {"reported_status": status.word} if status.word else fault

    def to_status(self) -> dict[str, Any]:
        """Return the status and the time of the last sign of life."""
        return {"device_id": self.id, "status": self.state, "last_seen": self._last_seen_text()}

    def _last_seen_text(self) -> str | None:
        return format_timestamp(self.last_seen) if self.last_seen else None
