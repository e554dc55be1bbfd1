"""Rotation of a password in two steps, as a table with a fake clock, and for any annotations."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_operator.control.credentials.rotation import BEFORE, ROTATION, SINCE, Rotation

NOW = dt.datetime(2026, 7, 1, 12, 0, tzinfo=dt.UTC)


def after(seconds: float) -> dt.datetime:
    return NOW + dt.timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("rotation", "seconds", "in_effect", "remaining"),
    [
        (Rotation(0), 0, 0, 0),
        (Rotation(3), 0, 3, 0),
        (Rotation(3, 2, NOW), 0, 2, 300),
        (Rotation(3, 2, NOW), 299, 2, 1),
        (Rotation(3, 2, NOW), 300, 3, 0),
        (Rotation(3, 2, NOW), 10**6, 3, 0),
        (Rotation(7, 2, NOW), -60, 2, 360),
    ],
    ids=["first", "made with a rotation", "just rotated", "nearly", "switched", "long ago", "clock set back"],
)
def test_password_in_effect(rotation: Rotation, seconds: float, in_effect: int, remaining: float) -> None:
    assert rotation.in_effect(300, after(seconds)) == in_effect
    assert rotation.remaining(300, after(seconds)) == remaining


@pytest.mark.parametrize(
    ("rotation", "wanted", "seconds", "then"),
    [
        (Rotation(2), 2, 0, Rotation(2)),
        (Rotation(2), 3, 0, Rotation(3, 2, NOW)),
        (Rotation(3, 2, NOW), 3, 10, Rotation(3, 2, NOW)),
        (Rotation(3, 2, NOW), 4, 300, Rotation(4, 3, after(300))),
        (Rotation(3, 2, NOW), 4, 10, Rotation(4, 2, after(10))),
        (Rotation(3, 2, NOW), 2, 10, Rotation(2, 2, after(10))),
    ],
    ids=[
        "as it is",
        "raised",
        "while it is under way",
        "raised again",
        "raised before the broker switched",
        "and back",
    ],
)
def test_until_the_broker_switches_what_it_takes_stays(
    rotation: Rotation, wanted: int, seconds: float, then: Rotation
) -> None:
    assert rotation.followed_by(wanted, 300, after(seconds)) == then
    assert then.in_effect(300, after(seconds)) == rotation.in_effect(300, after(seconds))


@pytest.mark.parametrize("half", [Rotation(3, 2), Rotation(3, None, NOW)], ids=["no time", "no password before"])
def test_half_of_a_switch_is_none(half: Rotation) -> None:
    assert half.annotations() == {ROTATION: "3"}
    assert (half.in_effect(300, NOW), half.remaining(300, NOW)) == (3, 0.0)


def test_switch_begins_at_a_whole_second_as_it_is_stored() -> None:
    then = Rotation(2).followed_by(3, 300, NOW + dt.timedelta(microseconds=999_999))
    assert then == Rotation(3, 2, NOW)
    assert Rotation.read(then.annotations()) == then


@given(st.integers(0, 2**31), st.integers(0, 2**31), st.integers(946_684_800, 7_258_118_400))
def test_annotations_say_it(present: int, before: int, since: int) -> None:
    whole = dt.datetime.fromtimestamp(since, dt.UTC)
    for rotation in (Rotation(present), Rotation(present, before, whole)):
        assert Rotation.read(rotation.annotations()) == rotation


@given(st.dictionaries(st.sampled_from([ROTATION, BEFORE, SINCE, "other"]), st.text()))
def test_annotations_of_others_end_nothing(annotations: dict[str, str]) -> None:
    found = Rotation.read(annotations)
    assert found is None or isinstance(found.in_effect(300, NOW), int)
