"""How often a site is requeued for the counts of its devices, and how often those are written."""

import pytest

from edge_operator.control.loop.throttle import Throttle
from edge_operator.status.device_counts import PERIOD_SECONDS

SITE, OTHER = ("ns", "a"), ("ns", "b")


@pytest.mark.parametrize(
    ("moved_at", "waits"),
    [
        ([0.0], [0.0]),
        ([0.0, 0.25, 10.0], [0.0, PERIOD_SECONDS - 0.25, PERIOD_SECONDS - 10.0]),
        ([0.0, PERIOD_SECONDS, PERIOD_SECONDS + 1.0], [0.0, 0.0, PERIOD_SECONDS - 1.0]),
        ([0.0, 1000.0], [0.0, 0.0]),
    ],
    ids=["the first at once", "then at the end of the period", "a period later at once", "long after at once"],
)
def test_site_is_looked_at_once_a_period(moved_at: list[float], waits: list[float]) -> None:
    throttle = Throttle(PERIOD_SECONDS)
    assert [throttle.wait(SITE, at) for at in moved_at] == waits


def test_sites_do_not_wait_for_each_other() -> None:
    throttle = Throttle(PERIOD_SECONDS)
    assert [throttle.wait(SITE, 0.0), throttle.wait(OTHER, 0.0)] == [0.0, 0.0]


def test_recreated_site_does_not_wait() -> None:
    throttle = Throttle(PERIOD_SECONDS)
    throttle.wait(SITE, 0.0)
    throttle.remove(SITE)
    assert throttle.wait(SITE, 1.0) == 0.0


def test_first_may_have_to_wait_and_does_so_once() -> None:
    throttle = Throttle(PERIOD_SECONDS)
    assert [throttle.wait(SITE, at, first=10.0) for at in (0.0, 4.0, 10.0, 11.0)] == [
        10.0,
        6.0,
        0.0,
        PERIOD_SECONDS - 1,
    ]
