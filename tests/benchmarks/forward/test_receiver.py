"""What the receiver of the forwarding benchmark counts."""

import time

import pytest

from benchmarks.forward.receiver import Arrived

OLD = b'{"device_id":"d1","offset":1,"metadata":{"battery":97}}'


def live(sent: float) -> bytes:
    return b'{"device_id":"d1","metadata":{"firmware":"2","sent":%.6f},"offset":2}' % sent


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_readings_are_counted_and_those_with_their_time_have_a_delay(end: bytes) -> None:
    arrived, now = Arrived(), time.time()
    content = b"\n".join([OLD, live(now - 2), OLD, live(now - 1)]) + end
    assert arrived.take("/readings", content, 100) == 4
    assert (arrived.readings, arrived.requests, arrived.body_bytes, arrived.line_bytes) == (4, 1, 100, len(content))
    assert arrived.delays == [pytest.approx(2, abs=0.5), pytest.approx(1, abs=0.5)]
    assert arrived.facts("count")["delays"] == []
    assert arrived.facts("figures")["delays"] == sorted(arrived.delays)


def test_alerts_are_no_readings() -> None:
    arrived = Arrived()
    assert arrived.take("/edge/alerts", b"{}\n{}\n", 10) == 2
    assert (arrived.readings, arrived.alerts, arrived.first) == (0, 2, 0.0)
