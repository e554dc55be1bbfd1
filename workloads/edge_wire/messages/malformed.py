"""The error of malformed messages."""

from typing import Any


class MalformedError(Exception):
    """A payload is not a valid message of its topic.

    Attributes:
        reason: a short label for metrics: empty, too_large, utf8, json, depth, nan, type, field
            or impersonation.
        message: which field is invalid, and what is valid.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


def kind(value: Any) -> str:
    """Return the JSON type of `value`, for error messages: the value itself may be huge or secret."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case dict():
            return "an object"
        case _:
            return "an array"
