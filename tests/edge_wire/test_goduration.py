"""Durations are read as Go writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_wire.goduration import parse_duration

READ = {
    "0": 0,
    "0s": 0,
    "300s": 300,
    "1h30m": 5400,
    "250ms": 0.25,
    "1.5h": 5400,
    ".5s": 0.5,
    "3us": 3e-6,
    "7\u00b5s": 7e-6,
    "7\u03bcs": 7e-6,
    "2m0.5s": 120.5,
    "168h": 7 * 86400,
    "1s500ms": 1.5,
    "1999ns": 1.999e-6,
    "1m1h": 3660,
    "1.s": 1,
    "0" * 62 + "1s": 1,
}
REFUSED = ("", "5", "1d", "-1s", "+1s", "s", "1 s", "1s ", "5s\n", "1h 30m", "1h30", "1S", "0" * 63 + "1s", "\u0661s")


@pytest.mark.parametrize(("text", "seconds"), READ.items())
def test_read(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", REFUSED)
def test_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be a duration"):
        parse_duration(text)


@given(st.text())
def test_nothing_else_is_raised(text: str) -> None:
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        assert "must be a duration" in str(error)  # noqa: PT017 - most texts are refused, some are not
        return
    assert seconds >= 0


@given(st.integers(0, 999), st.integers(0, 59), st.integers(0, 59))
def test_parts_add_up(hours: int, minutes: int, seconds: int) -> None:
    assert parse_duration(f"{hours}h{minutes}m{seconds}s") == hours * 3600 + minutes * 60 + seconds
