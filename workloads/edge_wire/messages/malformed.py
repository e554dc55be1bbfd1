"""The one error that reading a message raises."""

from typing import Any


class MalformedError(Exception):
    """A payload is not the message that its topic promises.

    Attributes:
        reason: A short label for metrics: empty, too_large, utf8, json, depth, nan, type, field
            or impersonation.
        message: What is wrong with which field, and what it should be.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


def kind(value: Any) -> str:
    """Return what JSON calls the type of `value`, for messages: the value itself may be huge or secret."""
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
