"""Which readings are forwarded: cases by name, and properties of any series."""

import datetime as dt
from decimal import Decimal

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_processor.delivery.exception_filter import ExceptionFilter
from edge_processor.delivery.forwarding import ForwardingRule
from edge_wire.messages.timestamps import format_timestamp

BEGIN = dt.datetime(2026, 11, 30, 12, tzinfo=dt.UTC)


def line(value: float, seconds: float = 0.0, sensor_type: str = "temperature", device_id: str = "d1") -> bytes:
    """Return a stored reading; it arrives a number of seconds after the first one."""
    body = orjson.dumps(
        {
            "device_id": device_id,
            "timestamp": "2020-01-01T00:00:00.000Z",
            "sensor_type": sensor_type,
            "value": value,
            "unit": "celsius",
            "location": "",
            "metadata": {"value": 7, "sensor_type": "other"},
        }
    )
    at = format_timestamp(BEGIN + dt.timedelta(seconds=seconds))
    return b'%b,"offset":1,"received_at":"%b"}' % (body[:-1], at.encode())


def forwarded(rule: ForwardingRule, *readings: tuple[float, float]) -> list[int]:
    """Return the positions of the readings, values and seconds, that are forwarded."""
    filter_ = ExceptionFilter({"temperature": rule})
    return [at for at, reading in enumerate(readings) if filter_.forwards(line(*reading))]


DEADBAND = ForwardingRule(deadband=Decimal("0.2"))
MIN = ForwardingRule(min_interval=10)
BOTH = ForwardingRule(deadband=Decimal("0.2"), min_interval=10, max_interval=60)


@pytest.mark.parametrize(
    ("rule", "readings", "expected"),
    [
        pytest.param(DEADBAND, [(20, 0)], [0], id="the first"),
        pytest.param(DEADBAND, [(20, 0), (20.1, 1), (20.2, 2)], [0], id="within the deadband"),
        pytest.param(DEADBAND, [(21.3, 0), (21.1, 1), (21.5, 2)], [0], id="a decimal edge is no move"),
        pytest.param(DEADBAND, [(20, 0), (20.21, 1), (19.79, 2)], [0, 1, 2], id="beyond it, up and down"),
        pytest.param(DEADBAND, [(20, 0), (20.1, 1), (20.2, 2), (20.3, 3)], [0, 3], id="it is that of the last sent"),
        pytest.param(DEADBAND, [(20, 0), (20, 86_400)], [0], id="without a maximum it may wait for ever"),
        pytest.param(ForwardingRule(deadband=Decimal(0)), [(20, 0), (20, 1), (21, 2)], [0, 2], id="any change"),
        pytest.param(MIN, [(20, 0), (90, 9.999), (20, 10), (20, 19)], [0, 2], id="not more often"),
        pytest.param(BOTH, [(20, 0), (90, 9), (90, 10)], [0, 2], id="a move waits for the interval"),
        pytest.param(BOTH, [(20, 0), (20, 59.999), (20, 60)], [0, 2], id="the maximum has passed"),
        pytest.param(BOTH, [(20, 0), (90, 10), (90, 65), (90, 70)], [0, 1, 3], id="the maximum since the last sent"),
        pytest.param(ForwardingRule(max_interval=60), [(20, 0), (20, 1)], [0, 1], id="no limit but the maximum"),
        pytest.param(BOTH, [(20, 0), (20, -1), (20, -61)], [0, 2], id="the clock is set back"),
        pytest.param(DEADBAND, [(-1e300, 0), (1e300, 1), (1e300, 2)], [0, 1], id="huge values"),
    ],
)
def test_cases(rule: ForwardingRule, readings: list[tuple[float, float]], expected: list[int]) -> None:
    assert forwarded(rule, *readings) == expected


def test_each_device_and_each_sensor_type_has_its_own_state() -> None:
    filter_ = ExceptionFilter({"temperature": DEADBAND, 'größe "x"': DEADBAND})
    assert [filter_.forwards(line(20, device_id=each)) for each in ("d1", "d2", "d1")] == [True, True, False]
    named = [line(20, sensor_type=each) for each in ('größe "x"', 'größe "x"', "humidity", "humidity")]
    assert [filter_.forwards(each) for each in named] == [True, False, True, True]


def test_what_is_not_a_line_is_forwarded() -> None:
    filter_ = ExceptionFilter({"temperature": DEADBAND})
    assert [filter_.forwards(each) for each in (b"{}", b"{}")] == [True, True]


def test_a_reading_that_is_not_forwarded_keeps_its_offset() -> None:
    filter_ = ExceptionFilter({"temperature": DEADBAND})
    readings = [(4, line(20)), (7, line(20)), (9, line(30))]
    assert filter_.blank(readings) == [readings[0], (7, b""), readings[2]]


def test_cleared_it_forwards_the_next_of_each() -> None:
    filter_ = ExceptionFilter({"temperature": DEADBAND})
    filter_.forwards(line(20))
    filter_.clear()
    assert filter_.forwards(line(20))


def test_the_state_is_bounded_and_forgets_those_that_were_forwarded_longest_ago() -> None:
    filter_ = ExceptionFilter({"temperature": DEADBAND}, most_series=2)
    for device_id, value in (("d1", 20), ("d2", 20), ("d1", 30), ("d3", 20)):
        assert filter_.forwards(line(value, device_id=device_id))
    assert not filter_.forwards(line(30, device_id="d1"))
    assert filter_.forwards(line(20, device_id="d2"))


READINGS = st.lists(
    st.tuples(
        st.decimals(-100, 100, places=2).map(float),
        st.integers(0, 40),
        st.sampled_from(["d1", "d2"]),
    ),
    max_size=60,
)


@given(
    READINGS,
    st.none() | st.decimals(0, 50, places=2),
    st.integers(0, 60),
    st.none() | st.integers(60, 200),
)
@settings(max_examples=200)
def test_what_is_held_back_is_near_the_last_forwarded_and_never_for_longer_than_the_maximum(
    readings: list[tuple[float, int, str]], deadband: Decimal | None, least: int, most: int | None
) -> None:
    filter_ = ExceptionFilter({"temperature": ForwardingRule(deadband, least, most)})
    last: dict[str, tuple[Decimal, int]] = {}
    now = 0
    for value, pause, device_id in readings:
        now += pause
        exact = Decimal(repr(value))
        is_forwarded = filter_.forwards(line(value, now, device_id=device_id))
        if device_id not in last:
            assert is_forwarded
        else:
            moved, passed = abs(exact - last[device_id][0]), now - last[device_id][1]
            is_wanted = (deadband is None or moved > deadband) and passed >= least
            assert is_forwarded == (is_wanted or (most is not None and passed >= most))
        if is_forwarded:
            last[device_id] = exact, now
