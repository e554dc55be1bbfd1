import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_pacing.bucket import RECOVERY_SECONDS, TokenBucket


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


def test_reads_during_the_hold_do_not_lengthen_the_wait() -> None:
    read, unread = TokenBucket(64.0, 5, 0.0), TokenBucket(64.0, 5, 0.0)
    for bucket in (read, unread):
        bucket.slow_down(0.0, 0.5)
    for tenth in range(1, 5):
        read.rate(tenth / 10)
    assert read.wait(0.5) == pytest.approx(unread.wait(0.5), rel=0.1)


def test_rate_has_a_floor_and_recovers() -> None:
    bucket = TokenBucket(64.0, 5, 0.0)
    for _ in range(100):
        bucket.slow_down(0.0, 0.0)
    assert [bucket.rate(at) for at in (0.0, 5.0, 10.0)] == [1.0, 17.0, 33.0]
    assert bucket.rate(RECOVERY_SECONDS) == 64.0


def test_halves_the_rate_that_it_has_recovered_to() -> None:
    bucket = TokenBucket(64.0, 5, 0.0)
    bucket.slow_down(0.0, 0.0)
    bucket.slow_down(RECOVERY_SECONDS, 0.0)
    assert bucket.rate(RECOVERY_SECONDS) == 32.0


@pytest.mark.parametrize(
    ("tokens", "wait"),
    [
        pytest.param(2.5, 0.0, id="more than one"),
        pytest.param(1.5, 0.0, id="one and a part"),
        pytest.param(1 - 1e-6, 0.0, id="one but for a rounding"),
        pytest.param(1 - 5e-7, 0.0, id="one but for less than a rounding"),
        pytest.param(0.5, 0.05, id="half of one"),
    ],
)
def test_wait(tokens: float, wait: float) -> None:
    assert TokenBucket(10.0, tokens, 0.0).wait(0.0) == wait


def test_earlier_time_than_the_last_changes_nothing() -> None:
    bucket = TokenBucket(1.0, 4, 0.0)
    bucket.slow_down(10.0, 0.0)
    assert bucket.rate(5.0) == 0.5
    assert not bucket.take(10.0)


def test_what_is_given_back_can_be_taken() -> None:
    bucket = TokenBucket(1.0, 1, 0.0)
    assert bucket.take(0.0)
    bucket.give_back()
    bucket.give_back()
    assert [bucket.take(0.0), bucket.take(0.0)] == [True, False]


def test_one_is_given_back() -> None:
    bucket = TokenBucket(1.0, 3, 0.0)
    assert [bucket.take(0.0) for _ in range(3)] == [True] * 3
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
