"""What the processor reports about its sinks, as the member `sinks` of its status."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from edge_wire.messages import fields as take
from edge_wire.messages.malformed import MalformedError
from edge_wire.messages.timestamps import format_timestamp, optional_timestamp

MEMBER = "sinks"
"""Name of the member in the status of the processor."""

MAX_SINKS = 8
"""Maximum number of sinks in a report."""
MAX_ERROR_CHARACTERS = 256


@dataclass(frozen=True, slots=True)
class SinkReport:
    """State of one sink.

    Attributes:
        name: cloud, kafka, alertmanager or webhook.
        connected: whether the last attempt to reach the destination succeeded.
        pending: number of readings, or of alerts for a sink of alerts only, that wait for their delivery.
        oldest_pending_time: when the site received the oldest of them (UTC); None if none waits.
        dead_letters: number of readings and alerts that the destination rejected and that are kept as dead letters.
        last_error: why the last attempt failed, at most `MAX_ERROR_CHARACTERS`; empty if it succeeded.
    """

    name: str
    connected: bool
    pending: int = 0
    oldest_pending_time: dt.datetime | None = None
    dead_letters: int = 0
    last_error: str = ""

    @classmethod
    def from_object(cls, document: Any) -> Self:
        """Return the report in a JSON object.

        Raises:
            MalformedError: it is not such a report.
        """
        if not isinstance(document, Mapping):
            raise MalformedError("type", f"an element of {MEMBER} must be an object")
        fields = dict(document)
        connected = fields.get("connected")
        if not isinstance(connected, bool):
            raise MalformedError("type", f"{MEMBER}.connected must be true or false")
        return cls(
            name=take.required_text(fields, "name"),
            connected=connected,
            pending=_count(fields, "pending"),
            oldest_pending_time=optional_timestamp(fields, "oldest_pending_time"),
            dead_letters=_count(fields, "dead_letters"),
            last_error=take.text(fields, "last_error")[:MAX_ERROR_CHARACTERS],
        )

    def to_object(self) -> dict[str, Any]:
        """Return the report as a JSON object."""
        oldest = self.oldest_pending_time
        return {
            "name": self.name,
            "connected": self.connected,
            "pending": self.pending,
            "oldest_pending_time": format_timestamp(oldest) if oldest else None,
            "dead_letters": self.dead_letters,
            "last_error": self.last_error[:MAX_ERROR_CHARACTERS],
        }


def sink_reports(document: Any) -> tuple[SinkReport, ...]:
    """Return the reports in the member `sinks` of a status.

    Raises:
        MalformedError: it is not a list of at most `MAX_SINKS` reports with different names.
    """
    if not isinstance(document, list) or len(document) > MAX_SINKS:
        raise MalformedError("type", f"{MEMBER} must be an array of at most {MAX_SINKS} objects")
    reports = tuple(SinkReport.from_object(each) for each in document)
    if len({each.name for each in reports}) < len(reports):
        raise MalformedError("field", f"two elements of {MEMBER} have the same name")
    return reports


def _count(fields: dict[str, Any], name: str) -> int:
    value = take.whole_number(fields, name)
    if value is None or value < 0:
        raise MalformedError("field", f"{MEMBER}.{name} must be a whole number of 0 or more")
    return value
