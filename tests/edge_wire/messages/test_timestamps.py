"""Moments are read in every spelling that devices use, and written in one."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_wire.messages import format_timestamp, parse_timestamp

NOON = "2026-01-31T12:00:00.000Z"

READ: list[tuple[Any, str]] = [
    ("2026-01-31T12:00:00Z", NOON),
    ("2026-01-31t12:00:00z", NOON),
    ("2026-01-31 12:00:00+00:00", NOON),
    ("2026-01-31T13:00:00+01:00", NOON),
    ("2026-01-31T02:30:00-09:30", NOON),
    ("2026-01-31T12:00:00.5Z", "2026-01-31T12:00:00.500Z"),
    ("2026-01-31T12:00:00.123456789Z", "2026-01-31T12:00:00.123Z"),
    ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"),
    ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
    (1769860800, NOON),
    (1769860800.25, "2026-01-31T12:00:00.250Z"),
    (1769860800000, NOON),
    (0, "1970-01-01T00:00:00.000Z"),
    (-1, "1969-12-31T23:59:59.000Z"),
    (99_999_999_999, "5138-11-16T09:46:39.000Z"),
    (100_000_000_000, "1973-03-03T09:46:40.000Z"),
    (-100_000_000_000, "1966-10-31T14:13:20.000Z"),
]


@pytest.mark.parametrize(("said", "expected"), READ)
def test_read(said: Any, expected: str) -> None:
    moment = parse_timestamp(said)

    assert moment is not None
    assert format_timestamp(moment) == expected


@pytest.mark.parametrize(
    "said",
    [
        pytest.param("2026-01-31T12:00:00.123987654Z", id="as text"),
        pytest.param(1769860800.1239, id="as a number"),
    ],
)
def test_moment_is_cut_to_milliseconds(said: Any) -> None:
    assert parse_timestamp(said) == dt.datetime(2026, 1, 31, 12, 0, 0, 123_000, tzinfo=dt.UTC)


def test_last_milliseconds_that_are_read() -> None:
    moment = parse_timestamp(99_999_999_999_999)

    assert moment is not None
    assert moment.year == 5138


UNREADABLE: list[Any] = [
    None,
    True,
    "",
    "noon",
    "2026-01-31",
    "2026-01-31T12:00:00",
    "2026-13-31T12:00:00Z",
    "2026-01-31T24:00:00Z",
    "2026-01-31T12:00:00+25:00",
    "0001-01-01T00:00:00+01:00",
    "9999-12-31T23:59:59-01:00",
    "9999-12-31T23:59:60Z",
    "\u0662\u0660\u0662\u0666-01-31T12:00:00Z",
    "1769860800",
    1e14,
    -1e300,
    float("nan"),
    float("inf"),
    2**80,
    [],
    {},
]


@pytest.mark.parametrize("said", UNREADABLE, ids=repr)
def test_unreadable(said: Any) -> None:
    assert parse_timestamp(said) is None


@given(st.datetimes(timezones=st.timezones()))
def test_what_is_written_is_read_again(moment: dt.datetime) -> None:
    try:
        written = format_timestamp(moment)
    except OverflowError:
        return
    again = parse_timestamp(written)

    assert again is not None
    assert abs(again - moment) < dt.timedelta(milliseconds=1)


@given(st.text() | st.floats() | st.integers() | st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d"))
def test_nothing_raises(said: Any) -> None:
    moment = parse_timestamp(said)

    assert moment is None or moment.utcoffset() == dt.timedelta(0)
