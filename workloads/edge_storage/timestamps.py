"""Times in the database: whole milliseconds since 1970."""

import datetime as dt

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MILLISECOND = dt.timedelta(milliseconds=1)


def to_milliseconds(moment: dt.datetime) -> int:
    """Return the milliseconds since 1970 of `moment` (aware)."""
    return (moment - _EPOCH) // _MILLISECOND


def from_milliseconds(milliseconds: int) -> dt.datetime:
    """Return the time in UTC."""
    return _EPOCH + milliseconds * _MILLISECOND
