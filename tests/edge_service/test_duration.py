"""Go durations as seconds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_service.duration import parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("300s", 300.0),
        ("1h30m", 5400.0),
        ("250ms", 0.25),
        ("1.5s", 1.5),
        (".5s", 0.5),
        ("2m0.5s", 120.5),
        ("7µs", 7e-6),
        ("5ns", 5e-9),
    ],
)
def test_what_go_reads(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "5", "5 s", "5d", "-5s", "s", "1h 30m", "٣s", "1" * 64 + "s", "5s\n"])
def test_what_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="such as 300s"):
        parse_duration(text)


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        seconds = parse_duration(text)
    except ValueError:
        return
    assert seconds >= 0


@given(st.integers(0, 999), st.integers(0, 59), st.integers(0, 59))
def test_parts_add_up(hours: int, minutes: int, seconds: int) -> None:
    assert parse_duration(f"{hours}h{minutes}m{seconds}s") == hours * 3600 + minutes * 60 + seconds
