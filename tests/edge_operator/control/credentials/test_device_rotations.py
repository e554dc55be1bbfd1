"""Which password a device's Secret is to have, and which one its broker takes: from Secret, spec and time."""

import datetime as dt
from typing import Any

import pytest

from edge_operator.control.cache.child_cache import ChildCache
from edge_operator.control.credentials.device_rotations import DeviceRotations
from edge_operator.control.credentials.rotation import BEFORE, ROTATION, SINCE, Rotation
from edge_operator.desired.kinds import SECRET
from tests.edge_operator.control.samples import NAMESPACE, device

NOW = dt.datetime(2026, 7, 1, 12, 0, tzinfo=dt.UTC)
ROTATED = {ROTATION: "3", BEFORE: "2", SINCE: "2026-07-01T11:58:00Z"}


def rotations(annotations: dict[str, str] | None, name: str = "pump-device-credentials") -> DeviceRotations:
    children = ChildCache(lambda *_: None)
    if annotations is not None:
        head = {"namespace": NAMESPACE, "name": name, "uid": "u", "resourceVersion": "1", "annotations": annotations}
        children.put(SECRET, {"metadata": head})
    return DeviceRotations(children, lambda: NOW)


TABLE: dict[str, tuple[dict[str, str] | None, dict[str, Any], Rotation, int, float]] = {
    "no Secret yet": (None, {"rotation": 3}, Rotation(3), 3, 0),
    "nothing asked for": (None, {}, Rotation(0), 0, 0),
    "as asked for": ({ROTATION: "3"}, {"rotation": 3}, Rotation(3), 3, 0),
    "raised now": ({ROTATION: "2"}, {"rotation": 3}, Rotation(3, 2, NOW), 2, 300),
    "raised two minutes ago": (ROTATED, {"rotation": 3}, Rotation(3, 2, NOW - dt.timedelta(minutes=2)), 2, 180),
    "raised two minutes ago, with a minute to switch": (
        ROTATED,
        {"rotation": 3, "switchAfter": "1m"},
        Rotation(3, 2, NOW - dt.timedelta(minutes=2)),
        3,
        0,
    ),
    "a duration that cannot be read": (
        ROTATED,
        {"rotation": 3, "switchAfter": "soon"},
        Rotation(3, 2, NOW - dt.timedelta(minutes=2)),
        2,
        180,
    ),
    "annotations that cannot be read": ({ROTATION: "three"}, {"rotation": 4}, Rotation(4), 4, 0),
}


@pytest.mark.parametrize(("annotations", "asked", "wanted", "in_effect", "remaining"), TABLE.values(), ids=TABLE)
def test_rotation_of_a_device(
    annotations: dict[str, str] | None, asked: dict[str, Any], wanted: Rotation, in_effect: int, remaining: float
) -> None:
    pump, found = device(credentials=asked), rotations(annotations)
    window = found.window(pump)
    assert (window.rotation, window.in_effect, window.remaining_seconds) == (wanted, in_effect, remaining)
    assert found.in_effect(pump) == in_effect
    assert window.next_rotation == (wanted.present if remaining else None)
    switch = (NOW + dt.timedelta(seconds=remaining)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert window.switch_time == (switch if remaining else "")


def test_time_of_a_switch_that_no_calendar_has_ends_nothing() -> None:
    annotations = {ROTATION: "3", BEFORE: "2", SINCE: "9999-12-31T23:59:00Z"}
    window = rotations(annotations).window(device(credentials={"rotation": 3}))
    assert (window.in_effect, window.switch_time) == (2, "9999-12-31T23:59:00Z")


def test_secret_of_a_name_that_the_spec_gives() -> None:
    pump = device(credentials={"rotation": 3, "secretName": "mine"})
    assert rotations({ROTATION: "2"}, "mine").in_effect(pump) == 2
    assert rotations({ROTATION: "2"}).in_effect(pump) == 3
