"""Durations are read as Go reads them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_operator.api.goduration import parse_duration


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30s", timedelta(seconds=30)),
        ("300s", timedelta(minutes=5)),
        ("5m", timedelta(minutes=5)),
        ("1h30m", timedelta(minutes=90)),
        ("1.5h", timedelta(minutes=90)),
        ("168h", timedelta(days=7)),
        ("300ms", timedelta(milliseconds=300)),
        ("1s500ms", timedelta(milliseconds=1500)),
        ("2us", timedelta(microseconds=2)),
        ("1999ns", timedelta(microseconds=1)),
        ("1m1h", timedelta(minutes=61)),
        (".5s", timedelta(milliseconds=500)),
        ("1.s", timedelta(seconds=1)),
        ("0", timedelta()),
        ("0s", timedelta()),
        ("-3s", timedelta(seconds=-3)),
        ("+3s", timedelta(seconds=3)),
    ],
)
def test_reads(text: str, expected: timedelta) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize("text", ["", "1d", "5", "abc", "1 h", "s", "1h-3m", "--1s", "1S", "٣s", "5s\n", "3000000h"])
def test_names_what_it_cannot_read(text: str) -> None:
    with pytest.raises(ValueError, match="duration") as failure:
        parse_duration(text)
    assert repr(text) in str(failure.value)


PARTS = st.fixed_dictionaries(
    {"h": st.integers(0, 99_999), "m": st.integers(0, 9999), "s": st.integers(0, 9999), "ms": st.integers(0, 9999)}
)


@given(PARTS)
def test_adds_its_parts_up(parts: dict[str, int]) -> None:
    text = "".join(f"{number}{unit}" for unit, number in parts.items())
    assert parse_duration(text) == timedelta(
        hours=parts["h"], minutes=parts["m"], seconds=parts["s"], milliseconds=parts["ms"]
    )


@given(st.text() | st.text(alphabet="0123456789.hmsunµ-+"))
def test_raises_nothing_else(text: str) -> None:
    try:
        parse_duration(text)
    except ValueError as failure:
        assert "duration" in str(failure)  # noqa: PT017  most texts are none
