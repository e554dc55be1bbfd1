"""When a session counts as contended, and how long its client then waits: with a clock that is set by hand."""

import pytest

from edge_service.mqtt.contention import LONGEST_WAIT_SECONDS, STEADY_SECONDS, WINDOW_SECONDS, Contention
from tests.edge_operator.cluster.virtual import Clock


class Session:
    """The contention of one session, told as a story."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.contention = Contention(self.clock)

    def lasts(self, seconds: float, *, taken_over: bool = True) -> None:
        """Let a connection last this long."""
        self.contention.connected()
        self.clock.now += seconds
        self.contention.disconnected(taken_over=taken_over)


@pytest.mark.parametrize(
    ("lengths", "contended"),
    [
        pytest.param([], False, id="new"),
        pytest.param([1.0], False, id="taken over once, as after a failover"),
        pytest.param([1.0, 1.0], True, id="taken over twice"),
        pytest.param([1.0, WINDOW_SECONDS + 1], False, id="twice, but rarely"),
        pytest.param([1.0, WINDOW_SECONDS + 1, 1.0], True, id="rarely, and then often"),
    ],
)
def test_session_is_contended_once_it_is_taken_over_twice_within_a_minute(
    lengths: list[float], *, contended: bool
) -> None:
    session = Session()
    for seconds in lengths:
        session.lasts(seconds)
    assert session.contention.is_contended is contended
    assert (session.contention.wait() > 0) is contended


def test_connection_that_is_lost_otherwise_is_no_takeover() -> None:
    session = Session()
    for _ in range(5):
        session.lasts(1.0, taken_over=False)
    session.lasts(1.0)
    assert not session.contention.is_contended


def test_attempt_that_is_taken_over_before_it_is_subscribed_counts() -> None:
    session = Session()
    for _ in range(2):
        session.contention.disconnected(taken_over=True)
    assert session.contention.is_contended


def test_waits_grow_to_a_limit_that_leaves_devices_known() -> None:
    session = Session()
    waits = []
    for _ in range(10):
        session.lasts(1.0)
        waits.append(session.contention.wait())
    assert waits[0] == 0
    assert all(5.0 <= each <= LONGEST_WAIT_SECONDS for each in waits[1:])
    assert LONGEST_WAIT_SECONDS < 30, "EDGE_UNREACHABLE_AFTER_SECONDS"


def test_contention_ends_with_a_connection_that_lasts_while_it_lasts() -> None:
    session = Session()
    session.lasts(1.0)
    session.lasts(1.0)
    session.contention.connected()
    session.clock.now += STEADY_SECONDS - 1
    assert session.contention.is_contended
    session.clock.now += 1
    assert not session.contention.is_contended
    session.contention.disconnected(taken_over=True)
    assert not session.contention.is_contended, "it begins again"
