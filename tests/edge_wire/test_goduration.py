"""Durations are read as Go writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_wire.goduration import parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("0s", 0), ("300s", 300), ("1h30m", 5400), ("250ms", 0.25), ("1.5h", 5400), (".5s", 0.5), ("3us", 3e-6)],
)
def test_read(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "5", "1d", "-1s", "s", "1 s", "1s ", "1h30", "1" * 70 + "s", "\u0661s"])
def test_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no duration"):
        parse_duration(text)


@given(st.text())
def test_nothing_else_is_raised(text: str) -> None:
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        assert "is no duration" in str(error)  # noqa: PT017 - most texts are refused, some are not
        return
    assert seconds >= 0
