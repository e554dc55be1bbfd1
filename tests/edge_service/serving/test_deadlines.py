"""What a client must do in time, on a clock of the test."""

import pytest

from edge_service.serving.deadlines import Deadlines, Overdue
from edge_service.serving.limits import ConnectionLimits

LIMITS = ConnectionLimits(head_seconds=20, body_seconds=30, stalled_seconds=60, closing_seconds=10)


def overdue(given: Deadlines, now: float, unsent_bytes: int = 0, *, is_closing: bool = False) -> Overdue | None:
    return given.overdue(now, unsent_bytes, is_closing=is_closing)


def test_who_connects_and_says_nothing() -> None:
    given = Deadlines(LIMITS, 100)
    assert overdue(given, 119.9) is None
    assert overdue(given, 120) is Overdue.HEAD
    assert not given.has_begun


def test_a_byte_now_and_then_does_not_extend_the_time_for_a_head() -> None:
    given = Deadlines(LIMITS, 0)
    for now in range(1, 20):
        given.received(now)
    assert overdue(given, 19.9) is None
    assert overdue(given, 20) is Overdue.HEAD
    assert given.has_begun


def test_a_body_has_a_time_of_its_own_which_bytes_do_not_extend() -> None:
    given = Deadlines(LIMITS, 0)
    given.received(19)
    given.head_complete(19)
    for now in range(20, 49):
        given.received(now)
    assert overdue(given, 48.9) is None
    assert overdue(given, 49) is Overdue.BODY


def test_a_response_and_the_time_until_the_next_request_have_no_deadline_here() -> None:
    given = Deadlines(LIMITS, 0)
    given.received(1)
    given.head_complete(1)
    given.request_complete()
    assert overdue(given, 1000) is None
    given.received(1000)
    assert overdue(given, 1019) is None
    assert overdue(given, 1020) is Overdue.HEAD


@pytest.mark.parametrize(
    ("sizes", "found"),
    [
        ([(0, 500), (59, 500), (60, 500)], Overdue.READ),
        ([(0, 500), (59, 499), (60, 499), (118, 499)], None),
        ([(0, 500), (59, 499), (60, 499), (119, 499)], Overdue.READ),
        ([(0, 500), (59, 0), (60, 500), (119, 500)], None),
        ([(0, 0), (1000, 0)], None),
    ],
)
def test_who_reads_nothing_of_a_response(sizes: list[tuple[float, int]], found: Overdue | None) -> None:
    given = Deadlines(LIMITS, 0)
    given.head_complete(0)
    given.request_complete()
    results = [overdue(given, now, size) for now, size in sizes]
    assert results[-1] is found
    assert not any(results[:-1])


def test_a_closed_connection_has_a_short_time_for_the_rest() -> None:
    given = Deadlines(LIMITS, 0)
    assert overdue(given, 5, 500, is_closing=True) is None
    assert overdue(given, 14.9, 400, is_closing=True) is None
    assert overdue(given, 24.8, 400, is_closing=True) is None
    assert overdue(given, 25, 400, is_closing=True) is Overdue.READ
    assert overdue(given, 100, 0, is_closing=True) is None
