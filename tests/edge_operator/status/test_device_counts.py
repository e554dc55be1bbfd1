"""When the figures of a site are worth a write."""

import pytest

from edge_operator.status.device_counts import DeviceCounts, changed_enough

BEFORE = {"total": 100, "online": 50, "offline": 0, "unknown": 50}

CASES = {
    "the same": ({}, False),
    "a tenth up": ({"online": 55}, False),
    "more than a tenth up": ({"online": 56}, True),
    "a tenth down": ({"unknown": 45}, False),
    "more than a tenth down": ({"unknown": 44}, True),
    "from zero": ({"offline": 1}, True),
    "to zero": ({"online": 0}, True),
}


@pytest.mark.parametrize(("change", "worth"), CASES.values(), ids=CASES)
def test_only_what_moved_is_told(change: dict[str, int], worth: bool) -> None:  # noqa: FBT001 - a column of the table
    assert changed_enough(BEFORE, DeviceCounts(**(BEFORE | change))) is worth


def test_first_figures_are_told() -> None:
    assert changed_enough(None, DeviceCounts())
    assert not changed_enough({}, DeviceCounts())
