"""Durations as Go writes them, such as `1h30m` or `300s`: in rules and in settings."""

import re

_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_WHOLE = re.compile(rf"0|(?:{_PART.pattern})+", re.ASCII)
_MAX_CHARACTERS = 64


def parse_duration(text: str) -> float:
    """Return the seconds of a duration; without sign and days, as in the custom resources.

    Raises:
        ValueError: it is not a duration.
    """
    if len(text) > _MAX_CHARACTERS or not _WHOLE.fullmatch(text):
        raise ValueError("must be a duration such as 300s, 1h30m or 250ms")
    return sum(float(count) * _SECONDS[unit] for count, unit in _PART.findall(text))
