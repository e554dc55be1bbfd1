"""Rejected writes: retried with growing pauses, and removed once they succeed."""

from edge_operator.control.liveness.retry_queue import LONGEST_SECONDS, RetryQueue

PUMP, CAM = ("factory", "pump"), ("factory", "cam")


def test_waits_double_up_to_the_longest() -> None:
    later, at, waits = RetryQueue(30.0), 1000.0, []
    for _ in range(6):
        later.add(PUMP, at)
        began = at
        while not later.due(at):
            at += 1.0
        waits.append(at - began)
        assert later.due(at + 10_000.0) == [], "each time is told once"
    assert waits == [30.0, 60.0, 120.0, 240.0, LONGEST_SECONDS, LONGEST_SECONDS]


def test_write_that_was_made_is_not_tried_again() -> None:
    later = RetryQueue(30.0)
    later.add(PUMP, 0.0)
    later.add(CAM, 1.0)
    later.remove(PUMP)
    assert later.due(100.0) == [CAM]
    later.add(PUMP, 100.0)
    assert later.due(130.0) == [PUMP], "it begins with the first wait again"


def test_a_second_rejection_waits_from_then_on() -> None:
    later = RetryQueue(30.0)
    later.add(PUMP, 0.0)
    later.add(PUMP, 20.0)
    assert later.due(79.0) == []
    assert later.due(80.0) == [PUMP]


def test_nothing_is_kept_of_what_is_forgotten() -> None:
    later = RetryQueue(1.0)
    for number in range(1000):
        later.add(("factory", f"d{number}"), float(number))
        later.remove(("factory", f"d{number}"))
        assert later.due(number + 0.5) == []
    assert len(later) == 0
    assert len(later._order) <= 2  # noqa: SLF001 - what grows is not seen from outside
