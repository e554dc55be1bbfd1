"""What the store reports about its volume, as the member `storage` of the processor's status."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from edge_wire.messages import fields as take
from edge_wire.messages.malformed import MalformedError
from edge_wire.messages.timestamps import format_timestamp, optional_timestamp

MEMBER = "storage"
"""Name of the member in the status of the processor, which is the store's only client with a session."""


@dataclass(frozen=True, slots=True)
class StorageReport:
    """State of a store.

    Attributes:
        used_bytes: bytes of its files on the volume.
        dropped_readings: number of readings that were deleted for lack of space before they were forwarded.
        dropped_at: when that last happened (UTC); None if it has not within the last day.
        problem: why nothing can be stored now; empty if nothing is wrong.
        set_aside: name of the damaged file that was set aside; empty if there is none.
        capacity_bytes: size of the volume, in bytes; 0 if it was not reported, as by a processor of an older release.
        oldest_received_at: when the site received the oldest stored reading (UTC); None if none is stored, or if it
            was not reported.
    """

    used_bytes: int = 0
    dropped_readings: int = 0
    dropped_at: dt.datetime | None = None
    problem: str = ""
    set_aside: str = ""
    capacity_bytes: int = 0
    oldest_received_at: dt.datetime | None = None

    @classmethod
    def from_object(cls, document: Any) -> Self:
        """Return the report in a JSON object.

        Raises:
            MalformedError: it is not such a report.
        """
        if not isinstance(document, Mapping):
            raise MalformedError("type", f"{MEMBER} must be an object")
        fields = dict(document)
        return cls(
            used_bytes=_count(fields, "used_bytes"),
            dropped_readings=_count(fields, "dropped_readings"),
            dropped_at=optional_timestamp(fields, "dropped_at"),
            problem=take.text(fields, "problem"),
            set_aside=take.text(fields, "set_aside"),
            capacity_bytes=_count(fields, "capacity_bytes", missing=0),
            oldest_received_at=optional_timestamp(fields, "oldest_received_at"),
        )

    def to_object(self) -> dict[str, Any]:
        """Return the report as a JSON object."""
        return {
            "used_bytes": self.used_bytes,
            "dropped_readings": self.dropped_readings,
            "dropped_at": format_timestamp(self.dropped_at) if self.dropped_at else None,
            "problem": self.problem,
            "set_aside": self.set_aside,
            "capacity_bytes": self.capacity_bytes,
            "oldest_received_at": format_timestamp(self.oldest_received_at) if self.oldest_received_at else None,
        }


def _count(fields: dict[str, Any], name: str, missing: int | None = None) -> int:
    value = take.whole_number(fields, name)
    value = missing if value is None else value
    if value is None or value < 0:
        raise MalformedError("field", f"{MEMBER}.{name} must be a whole number of 0 or more")
    return value
