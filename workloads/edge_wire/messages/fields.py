"""Functions that remove a field from a JSON object and return it; unknown fields stay in the object."""

from collections.abc import Iterable, Mapping
from typing import Any

from edge_wire.messages.malformed import MalformedError, kind


def text(fields: dict[str, Any], name: str) -> str:
    """Remove and return a string; absent and null are the empty string.

    Raises:
        MalformedError: it is not a string.
    """
    return optional_text(fields, name) or ""


def optional_text(fields: dict[str, Any], name: str) -> str | None:
    """Remove and return a string; absent and null are None.

    Raises:
        MalformedError: it is not a string.
    """
    value = fields.pop(name, None)
    if value is not None and not isinstance(value, str):
        raise MalformedError("type", f"{name} must be a string, not {kind(value)}")
    return value


def required_text(fields: dict[str, Any], name: str) -> str:
    """Remove and return a string that must be present and not empty.

    Raises:
        MalformedError: it is missing, empty or not a string.
    """
    value = optional_text(fields, name)
    if not value:
        raise MalformedError("field", f"{name} is missing or empty: it must be a string")
    return value


def one_of(fields: dict[str, Any], name: str, allowed: Iterable[str]) -> str:
    """Remove and return a string that must be one of `allowed`.

    Raises:
        MalformedError: it is something else.
    """
    value = required_text(fields, name)
    choices = tuple(allowed)
    if value not in choices:
        raise MalformedError("field", f"{name} must be one of {', '.join(choices)}")
    return value


def number(fields: dict[str, Any], name: str) -> float:
    """Remove and return a number that must be present; numbers in quotes and booleans are invalid.

    Raises:
        MalformedError: it is missing or not a number.
    """
    if name not in fields:
        raise MalformedError("field", f"{name} is missing: it must be a number")
    value = fields.pop(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise MalformedError("type", f"{name} must be a number, not {kind(value)}")
    return float(value)


def mapping(fields: dict[str, Any], name: str) -> Mapping[str, Any]:
    """Remove and return an object; absent and null are the empty one.

    Raises:
        MalformedError: it is not an object.
    """
    value = fields.pop(name, None)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise MalformedError("type", f"{name} must be an object, not {kind(value)}")
    return value


def flag(fields: dict[str, Any], name: str) -> bool:
    """Remove and return a boolean; absent and null are false.

    Raises:
        MalformedError: it is not a boolean.
    """
    value = fields.pop(name, None)
    if value is not None and not isinstance(value, bool):
        raise MalformedError("type", f"{name} must be a boolean, not {kind(value)}")
    return bool(value)


def session(fields: dict[str, Any]) -> str | None:
    """Remove and return the session, a string or a whole number; any other value stays in `fields`."""
    value = fields.get("session")
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        return None
    del fields["session"]
    return str(value)


def whole_number(fields: dict[str, Any], name: str) -> int | None:
    """Remove and return a signed 64-bit integer; any other value stays in `fields`, and None is returned."""
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**63) <= value < 2**63:
        return None
    del fields[name]
    return value
