"""One device, as told by itself, by the operator and by whoever heard it. Pure."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edge_wire.messages import DeviceStatus, format_timestamp

UNKNOWN = "unknown"
"""The status of a device that has never told its own."""


@dataclass(slots=True)
class Device:
    """What is known of a device.

    Attributes:
        id: its id.
        status: what it said of itself, if it did.
        roster: what the operator says of its EdgeDevice, if there is one.
        heard_at: when anything last came from it, by the clocks of the site.
    """

    id: str
    status: DeviceStatus | None = None
    roster: Mapping[str, Any] | None = None
    heard_at: dt.datetime | None = field(default=None, compare=False)

    @property
    def state(self) -> str:
        """Return `online`, `offline` or `unknown`."""
        return self.status.status if self.status else UNKNOWN

    @property
    def type(self) -> str:
        """Return its type; empty where nobody told."""
        return self._said("type")

    @property
    def last_seen(self) -> dt.datetime | None:
        """Return when it last gave a sign of life."""
        told = self.status.last_seen if self.status else None
        return max((when for when in (told, self.heard_at) if when is not None), default=None)

    def to_object(self) -> dict[str, Any]:
        """Return the fields of the status payload."""
        said = self.status.to_object() if self.status else {"metadata": {}}
        return said | {
            "id": self.id,
            "name": self._said("name") or self.id,
            "type": self.type,
            "location": self._said("location"),
            "status": self.state,
            "last_seen": self._last_seen_text(),
        }

    def to_status(self) -> dict[str, Any]:
        """Return its status alone."""
        return {"device_id": self.id, "status": self.state, "last_seen": self._last_seen_text()}

    def _last_seen_text(self) -> str | None:
        return format_timestamp(self.last_seen) if self.last_seen else None

    def _said(self, name: str) -> str:
        """Return a text as the device says it, else as its EdgeDevice does."""
        own = str(getattr(self.status, name)) if self.status else ""
        listed = self.roster.get(name) if self.roster else None
        return own or (listed if isinstance(listed, str) else "")
