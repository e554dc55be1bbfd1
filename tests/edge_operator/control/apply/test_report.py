"""The result of two writes: both problems, and the earlier time."""

import pytest

from edge_operator.control.apply.report import Report, soonest
from edge_operator.status.facts import Problem

A, B = Problem("A", "a"), Problem("B", "b")


@pytest.mark.parametrize(
    ("times", "first"),
    [((), None), ((None,), None), ((None, 5.0), 5.0), ((5.0, 3.0, None), 3.0), ((0.0, 3.0), 0.0)],
)
def test_soonest(times: tuple[float | None, ...], first: float | None) -> None:
    assert soonest(*times) == first


def test_sum_has_everything_of_both() -> None:
    one, other = Report((A,), ("x",), 5.0), Report((B,), ("y",), 3.0, namespace_terminating=True)
    assert one + other == Report((A, B), ("x", "y"), 3.0, namespace_terminating=True)
    assert other + Report() == Report() + other == other
