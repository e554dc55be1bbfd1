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
"""The only names that may be reported: 16; with `WORD`, as many as the status holds."""

WORD = "status"
"""Name of the device's own word for its status, if it is neither online nor offline."""

MAX_CHARACTERS = 128
"""Characters of a reported string; the rest is dropped."""


def reported(status: DeviceStatus, before: Reported = ()) -> Reported:
    """Return the allowed strings of a status, and its own word: those of `before` if the status has no others."""
    own = _strings(status) or without_word(before)
    if not status.word:
        return own
    return tuple(sorted((*own, (WORD, _printable(status.word)))))


def without_word(before: Reported) -> Reported:
    """Return what a device reported without its word: that is out of date once it is online or offline."""
    return tuple(each for each in before if each[0] != WORD)


def _strings(status: DeviceStatus) -> Reported:
    """Return the allowed strings: from the status's own fields, else from unknown fields, else from its metadata."""
    own = {"location": status.location, "name": status.name, "type": status.type}
    found = ((name, own.get(name) or _text(status.extra, name) or _text(status.metadata, name)) for name in NAMES)
    return tuple((name, _printable(text)) for name, text in found if text)


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _printable(text: str) -> str:
    # The status is shown on terminals: no escape sequence of a device reaches one.
    return "".join(character if character.isprintable() else "?" for character in text[:MAX_CHARACTERS])
