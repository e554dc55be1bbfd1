"""Durations as Go writes them (`300s`, `1h30m`, `250ms`), as seconds."""

import re
from typing import Annotated

from pydantic import BeforeValidator

_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)"
_WHOLE = re.compile(f"(?:{_PART})+", re.ASCII)
_PARTS = re.compile(_PART, re.ASCII)
_LONGEST = 64


def parse_duration(text: str) -> float:
    """Return the seconds of a Go duration; none is negative.

    Raises:
        ValueError: `text` is no such duration.
    """
    if text == "0":
        return 0.0
    if len(text) > _LONGEST or not _WHOLE.fullmatch(text):
        raise ValueError("must be a duration such as 300s, 1h30m or 250ms")
    return sum(float(number) * _SECONDS[unit] for number, unit in _PARTS.findall(text))


def _seconds(value: object) -> object:
    return parse_duration(value.strip()) if isinstance(value, str) else value


Seconds = Annotated[float, BeforeValidator(_seconds)]
"""The type of a setting that is given as a Go duration and is used in seconds."""
