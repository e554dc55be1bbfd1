"""When the client pings and when it gives up, with the time as an argument."""

import pytest

from edge_mqtt5 import Due, Keepalive


def due(*, received: float = 0.0, sent: float = 0.0, at: float, interval: float = 15.0) -> Due:
    keepalive = Keepalive(interval, 1.0, received_at=0.0, sent_at=0.0)
    keepalive.received_at, keepalive.sent_at = received, sent
    for second in range(int(at)):
        keepalive.received_at, keepalive.sent_at = received, sent
        keepalive.due(float(second))
    return keepalive.due(at)


@pytest.mark.parametrize(
    ("received", "sent", "at", "expected"),
    [
        pytest.param(0, 0, 1, Due.NOTHING, id="at the beginning"),
        pytest.param(0, 0, 13, Due.PING, id="nothing in either direction"),
        pytest.param(12, 0, 13, Due.PING, id="only received"),
        pytest.param(0, 12, 13, Due.PING, id="only sent"),
        pytest.param(10, 10, 13, Due.NOTHING, id="both"),
        pytest.param(0, 22, 22.5, Due.END, id="the broker is silent for 1.5 times as long"),
    ],
)
def test_what_is_due(received: float, sent: float, at: float, expected: Due) -> None:
    assert due(received=received, sent=sent, at=at) is expected


def test_a_ping_is_sent_once_and_then_the_end() -> None:
    keepalive = Keepalive(15.0, 1.0, received_at=0.0, sent_at=0.0)
    told = {second: keepalive.due(float(second)) for second in range(1, 24)}
    assert {second: each for second, each in told.items() if each is not Due.NOTHING} == {13: Due.PING, 23: Due.END}


def test_a_process_that_was_stopped_reads_first_what_the_broker_has_sent() -> None:
    keepalive = Keepalive(15.0, 1.0, received_at=0.0, sent_at=0.0)
    keepalive.due(1.0)
    assert keepalive.due(100.0) is Due.PING
    assert [keepalive.due(100.0 + second) for second in range(1, 9)][-1] is Due.END


def test_interval_0_switches_it_off() -> None:
    assert Keepalive(0.0, 1.0, 0.0, 0.0).due(1e9) is Due.NOTHING


def test_a_short_interval_of_the_broker_is_kept() -> None:
    keepalive = Keepalive(1.0, 0.25, received_at=0.0, sent_at=0.0)
    assert keepalive.due(0.25) is Due.NOTHING
    assert keepalive.due(0.5) is Due.PING
