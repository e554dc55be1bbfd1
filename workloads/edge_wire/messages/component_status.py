"""Status messages of components."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from edge_wire.messages import fields as take
from edge_wire.messages.document import dump, load_object, with_extra
from edge_wire.messages.timestamps import format_timestamp, optional_timestamp

PROCESSOR = "processor"
"""The component that publishes on `edge/activity` which devices sent readings."""


@dataclass(frozen=True, slots=True)
class ComponentStatus:
    """The payload of `edge/status/{component}`.

    Attributes:
        instance: name of the component's pod.
        status: `offline` may be its will.
        timestamp: when it was published (UTC).
        extra: fields of this component: sinks, backlog, storage.
    """

    component: str
    status: Literal["online", "offline"]
    instance: str = ""
    version: str = ""
    timestamp: dt.datetime | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """Return the status in `payload`.

        Raises:
            MalformedError: it is not a component status.
        """
        fields = load_object(payload)
        return cls(
            component=take.required_text(fields, "component"),
            status="online" if take.one_of(fields, "status", ("online", "offline")) == "online" else "offline",
            instance=take.text(fields, "instance"),
            version=take.text(fields, "version"),
            timestamp=optional_timestamp(fields, "timestamp"),
            extra=fields,
        )

    def encode(self) -> bytes:
        """Return the payload."""
        known = {
            "component": self.component,
            "instance": self.instance,
            "status": self.status,
            "version": self.version,
            "timestamp": format_timestamp(self.timestamp) if self.timestamp else None,
        }
        return dump(with_extra(known, self.extra))
