"""What counts as up to date after a power cut."""

from datetime import UTC, datetime
from typing import Any

import pytest

from e2e.cluster.node.observed import is_ready, started


def _pod(**state: Any) -> dict[str, Any]:
    return {"status": {"containerStatuses": [{"state": state}]}}


@pytest.mark.parametrize(
    ("pod", "times"),
    [
        (_pod(running={"startedAt": "2026-11-25T01:02:03Z"}), [datetime(2026, 11, 25, 1, 2, 3, tzinfo=UTC)]),
        (_pod(waiting={"reason": "ContainerCreating"}), []),
        (_pod(terminated={"startedAt": "2026-11-25T01:02:03Z"}), []),
        ({"status": {}}, []),
    ],
)
def test_only_running_containers_can_be_stale(pod: dict[str, Any], times: list[datetime]) -> None:
    assert list(started([pod])) == times


@pytest.mark.parametrize(
    ("conditions", "ready"),
    [
        ([{"type": "Ready", "status": "True"}], True),
        ([{"type": "Ready", "status": "False"}, {"type": "Initialized", "status": "True"}], False),
        ([], False),
    ],
)
def test_pod_is_ready_when_its_condition_says_so(conditions: list[Any], *, ready: bool) -> None:
    assert is_ready({"status": {"conditions": conditions}}) is ready
