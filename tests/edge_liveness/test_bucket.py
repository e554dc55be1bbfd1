import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_liveness.bucket import RECOVERY_SECONDS, TokenBucket


def test_burst_and_then_the_rate() -> None:
    bucket = TokenBucket(10.0, 3, 0.0)
    assert [bucket.take(0.0) for _ in range(4)] == [True, True, True, False]
    assert bucket.wait(0.0) == pytest.approx(0.1)
    assert not bucket.take(0.09)
    assert bucket.take(0.1)


def test_burst_is_never_larger() -> None:
    bucket = TokenBucket(10.0, 3, 0.0)
    assert [bucket.take(1e6) for _ in range(4)] == [True, True, True, False]


def test_slowing_down_halves_and_holds_everything() -> None:
    bucket = TokenBucket(64.0, 5, 0.0)
    bucket.slow_down(0.0, 3.0)
    bucket.slow_down(0.0, 1.0)
    assert bucket.rate(0.0) == 16.0
    assert bucket.wait(0.0) > 3.0
    assert not bucket.take(3.0), "what was held does not come as a burst"
    assert bucket.take(3.0 + 1 / 16)


def test_rate_has_a_floor_and_recovers() -> None:
    bucket = TokenBucket(64.0, 5, 0.0)
    for _ in range(100):
        bucket.slow_down(0.0, 0.0)
    assert bucket.rate(0.0) == 1.0
    assert bucket.rate(RECOVERY_SECONDS) == 64.0


def test_what_is_given_back_can_be_taken() -> None:
    bucket = TokenBucket(1.0, 1, 0.0)
    assert bucket.take(0.0)
    bucket.give_back()
    bucket.give_back()
    assert [bucket.take(0.0), bucket.take(0.0)] == [True, False]


@given(st.floats(0.1, 100), st.integers(1, 50), st.lists(st.tuples(st.floats(0, 5), st.booleans()), max_size=80))
def test_never_more_than_burst_and_rate_allow(rate: float, burst: int, steps: list[tuple[float, bool]]) -> None:
    bucket, now, taken = TokenBucket(rate, burst, 0.0), 0.0, 0
    for pause, is_too_much in steps:
        now += pause
        if is_too_much:
            bucket.slow_down(now, 0.5)
        taken += bucket.take(now)
        assert taken <= burst + now * rate + 1e-3
