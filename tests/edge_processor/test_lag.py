"""How long messages lie in the broker."""

import pytest

from edge_processor.lag import MAX_IN_FLIGHT, QueueLag


def test_nothing_is_known_before_a_marker_has_come_back() -> None:
    lag = QueueLag()
    assert lag.seconds(0.0) is None
    marker = lag.marker(1.0)
    assert lag.seconds(50.0) is None
    lag.returned(marker, 100.0)
    assert lag.seconds(100.0) == 99.0


def test_a_marker_in_flight_is_counted() -> None:
    lag = QueueLag()
    lag.returned(lag.marker(1.0), 1.5)
    assert lag.seconds(9.0) == 0.5
    lag.marker(10.0)
    assert lag.seconds(10.1) == 0.5
    assert lag.seconds(13.0) == 3.0


def test_a_later_marker_answers_for_the_earlier() -> None:
    lag = QueueLag()
    lag.marker(1.0)
    later = lag.marker(2.0)
    lag.returned(later, 2.25)
    assert lag.seconds(60.0) == 0.25


def test_another_process_s_marker_is_ignored() -> None:
    lag = QueueLag()
    lag.marker(1.0)
    lag.returned(b"another", 2.0)
    assert lag.seconds(2.0) is None


def test_after_a_connect_it_begins_again() -> None:
    lag = QueueLag()
    old = lag.marker(1.0)
    lag.returned(lag.marker(2.0), 2.5)
    lag.restart()
    assert lag.seconds(3.0) is None
    lag.returned(old, 4.0)
    assert lag.seconds(4.0) is None


def test_markers_that_never_come_back_are_given_up() -> None:
    lag = QueueLag()
    lag.returned(lag.marker(0.0), 0.0)
    for second in range(2 * MAX_IN_FLIGHT):
        lag.marker(float(second))
    assert lag.seconds(2.0 * MAX_IN_FLIGHT) == MAX_IN_FLIGHT


def test_a_digest_after_a_queue_has_the_longest_lag_since_the_last_one() -> None:
    lag = QueueLag()
    early = [lag.marker(at) for at in (0.0, 1.0)]
    lag.returned(early[0], 0.1)
    lag.pop_interval(0.1)
    late = [lag.marker(at) for at in (2.0, 600.0)]
    lag.returned(early[1], 600.2)
    lag.returned(late[0], 600.3)
    lag.returned(late[1], 600.4)
    assert lag.seconds(600.4) == pytest.approx(0.4)
    assert lag.pop_interval(600.4) == pytest.approx(599.2)
    assert lag.pop_interval(600.4) == pytest.approx(0.4)


def test_nothing_is_known_of_an_interval_that_began_before_the_first_marker_came_back() -> None:
    lag = QueueLag()
    lag.returned(lag.marker(0.0), 0.1)
    assert lag.seconds(0.1) == pytest.approx(0.1)
    assert lag.pop_interval(0.1) is None
    assert lag.pop_interval(0.2) == pytest.approx(0.1)
    lag.restart()
    assert lag.pop_interval(0.3) is None


def test_an_interval_that_could_not_be_published_goes_on() -> None:
    lag = QueueLag()
    for at in (0.0, 10.0):
        lag.returned(lag.marker(at), at + 0.5)
        lag.pop_interval(at + 0.5)
    slow, quick = lag.marker(20.0), lag.marker(29.9)
    lag.returned(slow, 30.0)
    lag.returned(quick, 30.0)
    taken = lag.pop_interval(30.0)
    assert taken == pytest.approx(10.0)
    lag.restore(taken)
    assert lag.pop_interval(30.0) == pytest.approx(10.0)
    lag.restore(None)
    assert lag.pop_interval(30.0) is None, "what was read before anything was known is in it"


def test_what_is_read_during_a_digest_is_published_with_its_own_lag() -> None:
    lag = QueueLag()
    lag.returned(lag.marker(0.0), 0.1)
    for _ in range(2):
        lag.pop_interval(0.1)
    slow, quick = lag.marker(1.0), lag.marker(599.9)
    lag.returned(slow, 600.0)
    lag.returned(quick, 600.0)
    assert lag.pop_interval(600.1) == pytest.approx(599.0)
