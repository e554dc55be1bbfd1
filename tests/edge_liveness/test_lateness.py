"""Ticks that come late."""

import pytest

from edge_liveness import TICK_SECONDS, Lateness
from edge_liveness.expiry import PER_SECOND


@pytest.mark.parametrize(
    ("late", "left_out", "deaf"),
    [
        pytest.param([0.0, 0.1], [False, False], [False, False], id="in time"),
        pytest.param([0.5, 1.0], [False, True], [False, False], id="the bounds belong to what is before them"),
        pytest.param([0.6, 0.0], [True, False], [False, False], id="once late"),
        pytest.param([0.6, 0.6, 0.6], [True, False, True], [False, False, False], id="no two in a row are left out"),
        pytest.param([1.1, 1.1, 0.0], [True, False, False], [True, True, False], id="did not listen"),
    ],
)
def test_each_tick_is_judged_by_its_lateness(late: list[float], left_out: list[bool], deaf: list[bool]) -> None:
    lateness = Lateness()
    judged = [(lateness.skip_tick(each), lateness.missed_window) for each in late]
    assert judged == list(zip(left_out, deaf, strict=True))


def test_before_the_first_tick_nothing_was_missed() -> None:
    assert Lateness().missed_window is False


def test_there_is_a_tick_for_each_slot_of_expiry() -> None:
    assert TICK_SECONDS == 1 / PER_SECOND == 0.25
