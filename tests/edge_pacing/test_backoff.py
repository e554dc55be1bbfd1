"""Waits between attempts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_pacing.backoff import Backoff


@given(st.integers(1, 50))
def test_waits_double_up_to_the_longest(attempts: int) -> None:
    backoff = Backoff(first=0.2, longest=5.0)
    for attempt in range(attempts):
        whole = min(0.2 * 2**attempt, 5.0)
        assert whole / 2 <= backoff.next() <= whole


def test_first_wait_is_used_again_after_a_success() -> None:
    backoff = Backoff(first=0.2, longest=5.0)
    for _ in range(10):
        backoff.next()
    backoff.reset()
    assert 0.1 <= backoff.next() <= 0.2


def test_defaults() -> None:
    assert (Backoff().first, Backoff().longest) == (0.2, 5.0)


def test_only_first_and_longest_are_given() -> None:
    with pytest.raises(TypeError):
        Backoff(0.2, 5.0, 1.0)  # type: ignore[call-arg]
