"""Fields of a JSON object, each taken out of it by name: what is left over is unknown and kept."""

from collections.abc import Iterable, Mapping
from typing import Any

from edge_wire.messages.malformed import MalformedError, kind


def text(fields: dict[str, Any], name: str) -> str:
    """Take a string; absent and null are the empty string.

    Raises:
        MalformedError: It is no string.
    """
    return optional_text(fields, name) or ""


def optional_text(fields: dict[str, Any], name: str) -> str | None:
    """Take a string; absent and null are None.

    Raises:
        MalformedError: It is no string.
    """
    value = fields.pop(name, None)
    if value is not None and not isinstance(value, str):
        raise MalformedError("type", f"{name} must be a string, not {kind(value)}")
    return value


def required_text(fields: dict[str, Any], name: str) -> str:
    """Take a string that must be there and not be empty.

    Raises:
        MalformedError: It is missing, empty or no string.
    """
    value = optional_text(fields, name)
    if not value:
        raise MalformedError("field", f"{name} is missing or empty: it must be a string")
    return value


def one_of(fields: dict[str, Any], name: str, allowed: Iterable[str]) -> str:
    """Take a string that must be one of `allowed`.

    Raises:
        MalformedError: It is something else.
    """
    value = required_text(fields, name)
    choices = tuple(allowed)
    if value not in choices:
        raise MalformedError("field", f"{name} must be one of {', '.join(choices)}")
    return value


def number(fields: dict[str, Any], name: str) -> float:
    """Take a number that must be there; numbers in quotes and booleans are none.

    Raises:
        MalformedError: It is missing or no number.
    """
    if name not in fields:
        raise MalformedError("field", f"{name} is missing: it must be a number")
    value = fields.pop(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise MalformedError("type", f"{name} must be a number, not {kind(value)}")
    return float(value)


def mapping(fields: dict[str, Any], name: str) -> Mapping[str, Any]:
    """Take an object; absent and null are the empty one.

    Raises:
        MalformedError: It is no object.
    """
    value = fields.pop(name, None)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise MalformedError("type", f"{name} must be an object, not {kind(value)}")
    return value


def session(fields: dict[str, Any]) -> str | None:
    """Take the session, which devices write as a string or as a whole number; anything else stays where it is."""
    value = fields.get("session")
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        return None
    del fields["session"]
    return str(value)


def whole_number(fields: dict[str, Any], name: str) -> int | None:
    """Take an integer of 64 bits (signed); anything else stays where it is, and counts as absent."""
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**63) <= value < 2**63:
        return None
    del fields[name]
    return value
