"""What simulated devices measure."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_device.kinds import KINDS, Walk


@pytest.mark.parametrize(
    ("kind", "unit", "usual", "value"),
    [
        ("temperature", "celsius", 100, 100),
        ("temperature", "fahrenheit", 100, 212),
        ("pressure", "bar", 100_000, 1),
        ("pressure", "pascal", 100_000, 100_000),
        ("humidity", "percent", 50, 50),
    ],
)
def test_values_are_in_the_unit(kind: str, unit: str, usual: float, value: float) -> None:
    walk = Walk(KINDS[kind], unit, usual, random.Random(1))
    assert sum(walk.next() for _ in range(5000)) / 5000 == pytest.approx(value, rel=0.05)


@given(st.sampled_from(sorted(KINDS)), st.integers())
def test_it_stays_plausible(kind: str, seed: int) -> None:
    sensor = KINDS[kind]
    walk = Walk(sensor, sensor.unit, sensor.usual, random.Random(seed))
    previous = sensor.usual
    for _ in range(200):
        value = walk.next()
        assert abs(value - sensor.usual) < 20 * sensor.spread
        assert abs(value - previous) < 5 * sensor.spread
        previous = value


def test_it_can_be_moved() -> None:
    walk = Walk(KINDS["temperature"], "celsius", 22, random.Random(1))
    walk.next()
    walk.move(95)
    assert walk.next() > 90
