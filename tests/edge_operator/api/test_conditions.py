"""The one way to find a condition in a status."""

from typing import Any

import pytest

from edge_operator.api.conditions import find_condition

READY, STALLED = {"type": "Ready", "status": "True"}, {"type": "Stalled", "status": "False"}


@pytest.mark.parametrize(
    ("status", "found"),
    [
        pytest.param({"conditions": [STALLED, READY]}, READY, id="among others"),
        pytest.param({"conditions": [STALLED]}, {}, id="others only"),
        pytest.param({"conditions": [{**READY, "type": "ready"}]}, {}, id="another case"),
        pytest.param({"conditions": []}, {}, id="none"),
        pytest.param({"conditions": None}, {}, id="null"),
        pytest.param({}, {}, id="no conditions yet"),
    ],
)
def test_condition_by_type(status: dict[str, Any], found: dict[str, str]) -> None:
    assert find_condition(status, "Ready") == found
