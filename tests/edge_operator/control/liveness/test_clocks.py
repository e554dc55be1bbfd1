"""Times to the text of a status, and back."""

import datetime as dt

import pytest

from edge_operator.control.liveness.clocks import Clocks

NOW = dt.datetime(2026, 7, 1, 14, 0, 0, 900_000, dt.timezone(dt.timedelta(hours=2)))
CLOCKS = Clocks(lambda: 1000.0, lambda: NOW)


@pytest.mark.parametrize(
    ("at", "text"),
    [
        pytest.param(1000.0, "2026-07-01T12:00:00Z", id="now, in UTC and whole seconds"),
        pytest.param(999.0, "2026-07-01T11:59:59Z", id="a second ago"),
        pytest.param(1000.2, "2026-07-01T12:00:01Z", id="to come"),
        pytest.param(-2600.0, "2026-07-01T11:00:00Z", id="before the steady clock began"),
    ],
)
def test_time_for_people(at: float, text: str) -> None:
    assert CLOCKS.text(at) == text


@pytest.mark.parametrize(
    ("text", "at"),
    [
        pytest.param("2026-07-01T12:00:00Z", 999.1, id="now"),
        pytest.param("2026-07-01T13:00:00.900+01:00", 1000.0, id="of another zone"),
        pytest.param("2026-07-01T12:00:02Z", 1001.1, id="to come"),
        pytest.param("2000-01-01T00:00:00Z", 1000.0 - 836_222_400.9, id="the earliest that somebody may have told"),
        pytest.param("1999-12-31T23:59:59Z", None, id="told by nobody who knew"),
        pytest.param("0001-01-01T00:00:00Z", None, id="the first of all"),
        pytest.param("2026-07-01T12:00:00", None, id="without a zone"),
        pytest.param("yesterday", None, id="no time"),
        pytest.param("", None, id="empty"),
        pytest.param(None, None, id="not told"),
    ],
)
def test_time_from_a_status(text: str | None, at: float | None) -> None:
    assert CLOCKS.at(text) == (None if at is None else pytest.approx(at))
