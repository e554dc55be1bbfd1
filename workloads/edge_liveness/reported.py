"""What a device reports of itself, as far as it is written to its status."""

from collections.abc import Mapping
from typing import Any

from edge_liveness.changes import Reported
from edge_wire.messages import DeviceStatus

NAMES = (
    "address",
    "board",
    "build",
    "firmware",
    "hardware",
    "location",
    "manufacturer",
    "model",
    "name",
    "os",
    "protocol",
    "revision",
    "serial",
    "software",
    "type",
    "version",
)
"""The only names that may be reported: 16, as many as the status holds."""

MAX_CHARACTERS = 128
"""Characters of a reported string; the rest is dropped."""


def reported(status: DeviceStatus) -> Reported:
    """Return the allowed strings of a status: from its own fields, else from unknown fields, else from its metadata."""
    own = {"location": status.location, "name": status.name, "type": status.type}
    found = ((name, own.get(name) or _text(status.extra, name) or _text(status.metadata, name)) for name in NAMES)
    return tuple((name, _printable(text)) for name, text in found if text)


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _printable(text: str) -> str:
    # The status is shown on terminals: no escape sequence of a device reaches one.
    return "".join(character if character.isprintable() else "?" for character in text[:MAX_CHARACTERS])
