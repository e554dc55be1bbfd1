import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_operator.cluster.budget import WriteBudget
from tests.edge_operator.cluster.virtual import Clock


def take_all(budget: WriteBudget, clock: Clock, until: float) -> list[float]:
    """Write as fast as the budget lets one, and return when."""
    sent = []
    while clock.now < until:
        if wait := budget.take():
            clock.now += wait
        else:
            sent.append(clock.now)
    return sent


def test_burst_goes_at_once_and_the_rest_at_the_rate() -> None:
    clock = Clock(0.0)
    budget = WriteBudget(10.0, 5, clock)
    sent = take_all(budget, clock, 2.0)
    assert sent[:5] == [0.0] * 5
    assert sent[5:8] == pytest.approx([0.1, 0.2, 0.3])
    assert len(sent) == pytest.approx(25, abs=1)


def test_burst_is_there_again_after_a_pause_and_never_larger() -> None:
    clock = Clock(0.0)
    budget = WriteBudget(10.0, 5, clock)
    take_all(budget, clock, 1.0)
    clock.now += 1e6
    at = clock.now
    assert [sent == at for sent in take_all(budget, clock, at + 0.05)] == [True] * 5


def test_slow_down_halves_and_holds_everything() -> None:
    clock = Clock(0.0)
    budget = WriteBudget(64.0, 5, clock)
    budget.slow_down(10.0)
    budget.slow_down(3.0)
    assert budget.take() == pytest.approx(10.0, abs=1 / 16)
    clock.now = 10.0
    assert 0 < budget.take() <= 1 / 16, "what was held does not come as a burst"


def test_clock_that_stands_still_or_steps_back_gives_nothing() -> None:
    clock = Clock(10.0)
    budget = WriteBudget(1.0, 1, clock)
    assert budget.take() == 0.0
    clock.now = 5.0
    assert budget.take() > 0
    clock.now = 10.0
    assert budget.take() > 0, "the second between 5 and 10 must not be counted"


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("pause"), st.floats(0, 5)),
        st.tuples(st.just("throttled"), st.floats(0, 5)),
        st.tuples(st.just("write"), st.floats(1, 30)),
    ),
    max_size=30,
)


@given(rate=st.floats(0.5, 100), burst=st.integers(1, 50), steps=STEPS)
def test_no_window_ever_sees_more_than_burst_and_rate(rate: float, burst: int, steps: list[tuple[str, float]]) -> None:
    clock = Clock(0.0)
    budget = WriteBudget(rate, burst, clock)
    sent: list[float] = []
    for kind, amount in steps:
        if kind == "pause":
            clock.now += amount
        elif kind == "throttled":
            budget.slow_down(amount)
            assert budget.take() >= amount - 1e-6, "nothing goes out while held"
        else:
            for _ in range(int(amount)):
                while wait := budget.take():
                    clock.now += wait
                sent.append(clock.now)
        assert 0 < budget.rate <= rate
    least = float("inf")
    for number, at in enumerate(sent):
        least = min(least, number - rate * at)
        assert number - rate * at - least + 1 <= burst + 1e-3, "the window from the least one to this"
