from edge_gateway.auth import throttle as module
from edge_gateway.auth.throttle import Throttle


def test_a_source_may_fail_so_often_and_no_more_until_the_first_is_out_of_the_window() -> None:
    throttle = Throttle(failures=3, window_seconds=60.0)
    for now in (0.0, 10.0, 20.0):
        assert throttle.wait_seconds("a", now) == 0.0
        throttle.failed("a", now)
    assert throttle.wait_seconds("a", 30.0) == 30.0
    assert throttle.wait_seconds("b", 30.0) == 0.0
    assert throttle.wait_seconds("a", 60.0) == 0.0
    throttle.failed("a", 60.0)
    assert throttle.wait_seconds("a", 61.0) == 9.0


def test_it_forgets_whoever_failed_longest_ago_rather_than_grow() -> None:
    throttle = Throttle(failures=1)
    for number in range(module.MAX_SOURCES + 1):
        throttle.failed(f"source {number}", 0.0)
    assert throttle.wait_seconds("source 0", 0.0) == 0.0
    assert throttle.wait_seconds("source 1", 0.0) > 0.0
