"""What leads to nothing is counted, and only that."""

import math

import pytest

from tests.edge_liveness.stories import (
    DISABLED,
    INTERMITTENT,
    START,
    Play,
    Step,
    connected,
    digest,
    heard,
    lost,
    online,
    put,
    sign_off,
    will,
)

DROPPED = [
    pytest.param((heard(10),), (0, 0), id="a message without a will"),
    pytest.param((will(10, "5"), heard(11)), (1, 1), id="a message"),
    pytest.param((will(10, "5"), sign_off(11, "5")), (1, 1), id="a sign-off"),
    pytest.param((sign_off(11, "5"),), (0, 0), id="a sign-off without a will"),
    pytest.param((will(10, "5"), digest(12.5, age=0.5)), (1, 1), id="a digest"),
    pytest.param((will(10, "5"), put(11, settings=DISABLED)), (1, 1), id="disabled"),
    pytest.param((put(11, settings=DISABLED),), (0, 0), id="disabled without a will"),
    pytest.param((will(10, "5"), put(11, settings=INTERMITTENT)), (1, 1), id="made Intermittent"),
    pytest.param((will(10, "5"), will(11, "5"), lost(12)), (1, 1), id="the loss of the broker"),
    pytest.param((will(10, "5"), online(11, "6"), will(12, "6"), connected(13)), (2, 2), id="a birth and a connection"),
    pytest.param((lost(10), will(10, "5")), (0, 0), id="a will that was under way"),
    pytest.param((will(10, "5"),), (1, 0), id="a will that is believed"),
]


@pytest.mark.parametrize(("steps", "counts"), DROPPED)
def test_wills(steps: tuple[Step, ...], counts: tuple[int, int]) -> None:
    tally = Play().run([*START, *steps], until=20).site.tally

    assert (tally.held_wills, tally.dropped_wills) == counts


AGES = [
    pytest.param(-math.inf, 0.0, True, id="before any clock"),
    pytest.param(math.nan, 0.0, True, id="no number"),
    pytest.param(1e9, 0.0, True, id="31 years"),
    pytest.param(1e9 - 0.5, 0.0, False, id="almost 31 years"),
    pytest.param(0.0, 1e9, True, id="a lag of 31 years"),
    pytest.param(0.0, None, True, id="a lag that is not known"),
    pytest.param(-1.0, 0.0, False, id="in the future"),
]


@pytest.mark.parametrize(("age", "lag", "is_unproven"), AGES)
def test_ages_that_prove_nothing(age: float, lag: float | None, *, is_unproven: bool) -> None:
    site = Play().run([connected(0), put(0), digest(1, age=age, lag=lag)], until=1).site
    known = site.known("a")

    assert known is not None
    assert (site.tally.unproven, known.seen is None) == (int(is_unproven), is_unproven)
