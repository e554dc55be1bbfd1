"""The timestamps that most devices send, without a parser for each: the last seconds are cached."""

import datetime as dt
import re

from edge_readings.processing import EARLIEST
from edge_wire.messages import format_timestamp, parse_timestamp

MAX_SECONDS = 4096
"""Seconds in the cache; when it is full, it starts again."""

_SECOND_CHARACTERS = 19
_MILLISECONDS_CHARACTERS = 24
_FRACTION = re.compile(r"(?:\.(\d{1,3})\d{0,15})?(?:Z|\+00:00)", re.ASCII)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MILLISECOND = dt.timedelta(milliseconds=1)


class Timestamps:
    """Formats timestamps in UTC as they are stored."""

    __slots__ = ("_seconds",)

    def __init__(self) -> None:
        self._seconds: dict[str, int] = {}

    def format(self, text: str, latest: int) -> bytes | None:
        """Return a timestamp of a device as `2026-01-31T12:00:00.000Z`.

        None if it is not a usual one, such as a time in another zone, or is suspect: the parser must decide.

        Args:
            text: as the device sent it.
            latest: milliseconds since 1970; a later timestamp is suspect.
        """
        second = text[:_SECOND_CHARACTERS]
        begins = self._seconds.get(second)
        if begins is None and (begins := self._added(second)) is None:
            return None
        # With the whole second before the limit no fraction can be after it.
        if begins + 1000 > latest:
            return None
        if (
            len(text) == _MILLISECONDS_CHARACTERS
            and text[19] == "."
            and text[23] == "Z"
            and text[20:23].isdecimal()
            and text.isascii()
        ):
            return text.encode()
        found = _FRACTION.fullmatch(text, _SECOND_CHARACTERS)
        return b"%b.%bZ" % (second.encode(), (found[1] or "").ljust(3, "0").encode()) if found else None

    def _added(self, second: str) -> int | None:
        when = parse_timestamp(f"{second}Z")
        # Also not the same: a lower-case t, a space instead of it, and a leap second.
        if when is None or when < EARLIEST or format_timestamp(when) != f"{second}.000Z":
            return None
        if len(self._seconds) >= MAX_SECONDS:
            self._seconds.clear()
        self._seconds[second] = begins = (when - _EPOCH) // _MILLISECOND
        return begins
