import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_gateway.wait import MAX_WAIT_SECONDS, parse_wait
from edge_service.problem import ProblemError


@pytest.mark.parametrize(
    ("text", "seconds"), [(None, 0.0), ("0", 0.0), ("5s", 5.0), ("250ms", 0.25), ("1m", 60.0), ("0.5m10s", 40.0)]
)
def test_durations(text: str | None, seconds: float) -> None:
    assert parse_wait(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "5", "-5s", "5 s", "five", "61s", "1h", "NaN", "1e3s", "s"])
def test_what_cannot_be_waited_for_is_refused_by_name(text: str) -> None:
    with pytest.raises(ProblemError) as refused:
        parse_wait(text)
    assert refused.value.problem.status == 422
    assert refused.value.problem.extra["field"] == "wait"


@given(st.text(max_size=80))
def test_any_text_is_a_wait_within_bounds_or_refused(text: str) -> None:
    seconds = 0.0
    with contextlib.suppress(ProblemError):
        seconds = parse_wait(text)
    assert 0.0 <= seconds <= MAX_WAIT_SECONDS
