"""Downsampling equals a naive implementation, and its values are finite."""

import math
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_storage.log.buckets import summaries
from edge_storage.log.selection import END_MILLISECONDS, FIRST_MILLISECONDS
from edge_wire.store.reading_query import Aggregate, Buckets
from tests.edge_storage.log.made_lines import NOON, line

DEVICE = "pump-1"
MIN_FLOAT, MAX_FLOAT = -1.7976931348623157e308, 1.7976931348623157e308

finite = st.floats(allow_nan=False, allow_infinity=False)
usual = st.integers(-1000, 1000).map(float)
anywhere = st.integers(FIRST_MILLISECONDS, END_MILLISECONDS - 1)
near = st.integers(NOON - 10_000, NOON + 10_000)
readings = st.lists(st.tuples(near, st.sampled_from("ab"), st.sampled_from(["c", "d"]), usual), max_size=60)


def lines_of(made: list[tuple[int, str, str, float]]) -> list[bytes]:
    return [
        line(DEVICE, at, number, sensor_type=kind, unit=unit, value=value)
        for number, (at, kind, unit, value) in enumerate(made, 1)
    ]


def naive(values: list[float], aggregate: Aggregate) -> float:
    if aggregate is Aggregate.AVG:
        return sum(values) / len(values)
    if aggregate is Aggregate.LAST:
        return values[-1]
    return min(values) if aggregate is Aggregate.MIN else max(values)


@given(readings, st.sampled_from([1000, 1500, 7001, 60_000]), st.sampled_from(Aggregate))
def test_summaries_equal_the_naive_ones(
    made: list[tuple[int, str, str, float]], every: int, aggregate: Aggregate
) -> None:
    made.sort(key=lambda each: each[0])
    groups: dict[tuple[int, str, str], list[float]] = defaultdict(list)
    for at, kind, unit, value in made:
        groups[at - at % every, kind, unit].append(value)
    found = [each for bucket in summaries(lines_of(made), DEVICE, Buckets(every, aggregate)) for each in bucket]

    assert [(each.begin, each.sensor_type, each.unit) for each in found] == sorted(groups)
    for each in found:
        values = groups[each.begin, each.sensor_type, each.unit]
        assert each.value == pytest.approx(naive(values, aggregate))
        assert (each.count, each.end) == (len(values), each.begin + every)


@given(st.lists(finite, min_size=1, max_size=50), st.sampled_from(Aggregate))
def test_a_value_is_finite_and_between_the_readings(values: list[float], aggregate: Aggregate) -> None:
    lines = [line(DEVICE, NOON, number, value=value) for number, value in enumerate(values)]

    ((found,),) = summaries(lines, DEVICE, Buckets(1000, aggregate))

    assert math.isfinite(found.value)
    assert min(values) <= found.value <= max(values)
    assert found.count == len(values)


@pytest.mark.parametrize(
    ("values", "mean"),
    [
        pytest.param([MAX_FLOAT] * 4, MAX_FLOAT, id="a sum that is too large"),
        pytest.param([MIN_FLOAT] * 3, MIN_FLOAT, id="a sum that is too small"),
        pytest.param([MAX_FLOAT, MAX_FLOAT, MIN_FLOAT, MIN_FLOAT], 0.0, id="too large in the middle"),
        pytest.param([0.1] * 10, 0.1, id="rounding"),
    ],
)
def test_means_at_the_limits(values: list[float], mean: float) -> None:
    lines = [line(DEVICE, NOON, number, value=value) for number, value in enumerate(values)]
    ((found,),) = summaries(lines, DEVICE, Buckets(1000))
    assert found.value == pytest.approx(mean)


@given(anywhere, st.integers(1000, 8784 * 3_600_000))
def test_a_bucket_anywhere_has_its_reading(at: int, every: int) -> None:
    ((found,),) = summaries([line(DEVICE, at, 1)], DEVICE, Buckets(every, Aggregate.LAST))

    assert found.begin <= at < found.end == found.begin + every
    assert found.begin % every == 0
    assert len(str(found.to_object()["to"])) == 24


def test_a_reading_without_a_value_is_not_counted() -> None:
    lines = [line(DEVICE, NOON, 1), line(DEVICE, NOON, 2).replace(b'"value":1.0', b'"value":null')]
    ((found,),) = summaries(lines, DEVICE, Buckets(1000))
    assert found.to_object() == {
        "from": "2026-01-31T12:00:00.000Z",
        "to": "2026-01-31T12:00:01.000Z",
        "sensor_type": "t",
        "unit": "celsius",
        "value": 1.0,
        "count": 1,
    }
