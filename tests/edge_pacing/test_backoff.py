"""Waits between attempts."""

from hypothesis import given
from hypothesis import strategies as st

from edge_pacing.backoff import Backoff


@given(st.integers(1, 50))
def test_waits_double_up_to_the_longest(attempts: int) -> None:
    backoff = Backoff(first=0.2, longest=5.0)
    for attempt in range(attempts):
        whole = min(0.2 * 2**attempt, 5.0)
        assert whole / 2 <= backoff.next() <= whole


def test_after_a_success_it_begins_anew() -> None:
    backoff = Backoff(first=0.2, longest=5.0)
    for _ in range(10):
        backoff.next()
    backoff.reset()
    assert backoff.next() <= 0.2
