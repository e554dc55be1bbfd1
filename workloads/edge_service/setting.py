"""A setting: its description, its default, its parser. Without pydantic, which takes 20 MiB of memory."""

import math
import re
from collections.abc import Callable
from dataclasses import MISSING, field
from pathlib import Path
from typing import Any, TypeVar

from edge_service.address import BrokerAddress
from edge_wire.goduration import parse_duration

T = TypeVar("T")
METADATA_KEY = "setting"

_MAX_DIGITS = 18
_TRUE = frozenset({"true", "1", "yes", "on"})
_FALSE = frozenset({"false", "0", "no", "off"})


class Setting:
    """Description of a setting, in the metadata of its field.

    Attributes:
        about: a description for `--help`.
        parse: converts the text to the value; a ValueError names the valid values.
        variable: name of the environment variable; None for that of the field in capitals.
    """

    __slots__ = ("about", "parse", "variable")

    def __init__(self, about: str, parse: Callable[[str], Any], variable: str | None) -> None:
        self.about = about
        self.parse = parse
        self.variable = variable


def setting(
    about: str, parse: Callable[[str], Any] = str, *, default: Any = MISSING, variable: str | None = None
) -> Any:
    """Return a field of a class of settings.

    Args:
        about: a description for `--help`.
        parse: converts the text of the variable to the value; a ValueError names the valid values.
        default: the value if the variable is unset or empty; without one it must be set.
        variable: name of the environment variable; None for that of the field in capitals.
    """
    return field(default=default, metadata={METADATA_KEY: Setting(about, parse, variable)})


def whole_number(low: int, high: int | None = None) -> Callable[[str], int]:
    """Return a parser of integers from `low` to `high`, a number of anything."""

    def parse(text: str) -> int:
        value = int(text) if re.fullmatch(rf"-?[0-9]{{1,{_MAX_DIGITS}}}", text.strip()) else None
        if value is None or value < low or (high is not None and value > high):
            raise ValueError(f"must be a whole number {_range(low, high)}")
        return value

    return parse


def number(low: float | None = None, high: float | None = None) -> Callable[[str], float]:
    """Return a parser of finite numbers from `low` to `high`, a number of anything."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or (low is not None and value < low) or (high is not None and value > high):
            raise ValueError(f"must be a number {_range(low, high)}".strip())
        return value

    return parse


def duration(low_seconds: float = 0.0, high_seconds: float | None = None) -> Callable[[str], float]:
    """Return a parser of Go durations (`300s`, `1h30m`, `250ms`); the value is in seconds."""

    def parse(text: str) -> float:
        seconds = parse_duration(text.strip())
        if seconds < low_seconds or (high_seconds is not None and seconds > high_seconds):
            high = None if high_seconds is None else f"{high_seconds:g}s"
            raise ValueError(f"must be a duration {_range(f'{low_seconds:g}s', high)}")
        return seconds

    return parse


def one_of(*values: str) -> Callable[[str], str]:
    """Return a parser of one of `values`."""

    def parse(text: str) -> str:
        if text not in values:
            raise ValueError(f"must be {' or '.join(filter(None, (', '.join(values[:-1]), values[-1])))}")
        return text

    return parse


def matching(pattern: str, right: str) -> Callable[[str], str]:
    """Return a parser of texts that match `pattern`; `right` describes them for people."""

    def parse(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"must be {right}")
        return text

    return parse


def boolean(text: str) -> bool:
    """Parse true or false.

    Raises:
        ValueError: it is neither.
    """
    value = text.strip().lower()
    if value not in _TRUE | _FALSE:
        raise ValueError("must be true or false")
    return value in _TRUE


path: Callable[[str], Path] = Path
"""Parser of paths."""

broker: Callable[[str], BrokerAddress] = BrokerAddress.parse
"""Parser of the address of a broker, such as mqtt://broker:1883."""

port = whole_number(0, 65535)
"""Parser of TCP ports."""


def _range(low: object, high: object) -> str:
    if low is None and high is None:
        return ""
    if high is None:
        return f"of {low} or more"
    return f"from {low} to {high}"
