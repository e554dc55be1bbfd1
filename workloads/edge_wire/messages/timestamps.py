"""Times in messages: written as RFC 3339 in UTC with milliseconds; parsed in several formats of devices."""

import datetime as dt
import re
from typing import Any

from edge_wire.messages.malformed import MalformedError

_RFC3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:)(\d\d)(?:\.(\d{1,3})\d{0,15})?(?:([Zz])|([+-]\d\d:\d\d))",
    re.ASCII,
)
_LEAP_SECOND = "60"
_FIRST_MILLISECONDS = 1e11
"""Numbers from here on are milliseconds: as seconds they would lie beyond the year 5000."""

_FIRST_BEYOND = 1e14
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def parse_timestamp(value: Any) -> dt.datetime | None:
    """Parse a time; return it in UTC, truncated to milliseconds, or None if it is malformed.

    Args:
        value: RFC 3339 with any offset, or a number: Unix time in seconds or in milliseconds.
    """
    try:
        if isinstance(value, str):
            return _from_text(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _from_number(value)
    except (ValueError, OverflowError):
        # The thirteenth month, or a moment beyond the years 1 to 9999.
        return None
    return None


def format_timestamp(when: dt.datetime) -> str:
    """Return `when` (aware) as RFC 3339 in UTC with milliseconds."""
    return when.astimezone(dt.UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def required_timestamp(fields: dict[str, Any], name: str) -> dt.datetime:
    """Remove and return a time that must be present.

    Raises:
        MalformedError: it is missing or malformed.
    """
    when = parse_timestamp(fields.pop(name, None))
    if when is None:
        raise MalformedError(
            "field", f"{name} is missing or not a time: use RFC 3339, such as 2026-01-31T12:00:00.000Z"
        )
    return when


def optional_timestamp(fields: dict[str, Any], name: str) -> dt.datetime | None:
    """Remove and return a time; a malformed one counts as absent."""
    return parse_timestamp(fields.pop(name, None))


def _from_text(text: str) -> dt.datetime | None:
    found = _RFC3339.fullmatch(text)
    if not found:
        return None
    date, clock, second, fraction, _, offset = found.groups()
    leap = second == _LEAP_SECOND
    parsed = dt.datetime.fromisoformat(f"{date}T{clock}{'59' if leap else second}{offset or '+00:00'}")
    return parsed.astimezone(dt.UTC) + dt.timedelta(seconds=leap, milliseconds=int(f"{fraction or '':0<3}"))


def _from_number(value: float) -> dt.datetime | None:
    if not abs(value) < _FIRST_BEYOND:
        return None
    seconds = value / 1000 if abs(value) >= _FIRST_MILLISECONDS else value
    when = _EPOCH + dt.timedelta(seconds=seconds)
    return when.replace(microsecond=when.microsecond // 1000 * 1000)
