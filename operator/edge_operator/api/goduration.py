"""Reads durations as Go writes them (`1h30m`, `300ms`), which is how both resources write theirs."""

import re
from datetime import timedelta
from decimal import Decimal

_NANOSECONDS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_PART = re.compile(r"([0-9]+[.]?[0-9]*|[.][0-9]+)(ns|us|ms|s|m|h)")
_WHOLE = re.compile(f"([-+]?)((?:{_PART.pattern})+|0)")
_LONGEST = 2**63 - 1
"""Nanoseconds of the longest duration that Go can hold."""


def parse_duration(text: str) -> timedelta:
    """Return the duration that `text` says, cut to microseconds.

    Raises:
        ValueError: Go could not read it either.
    """
    whole = _WHOLE.fullmatch(text)
    if not whole:
        raise ValueError(f"{text!r} is not a duration such as 30s or 1h30m (units: ns, us, ms, s, m, h)")
    parts = [(Decimal(number), _NANOSECONDS[unit]) for number, unit in _PART.findall(text)]
    nanoseconds = sum(number * unit for number, unit in parts)
    if nanoseconds > _LONGEST:
        raise ValueError(f"{text!r} is a duration of more than 292 years")
    microseconds = int(nanoseconds) // 1000
    return timedelta(microseconds=-microseconds if whole[1] == "-" else microseconds)
