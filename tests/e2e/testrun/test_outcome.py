"""Records of a lane to what is known of its tests."""

import json
from pathlib import Path
from typing import Any

import pytest

from e2e.testrun.outcome import FAILED, PASSED, SKIPPED, Outcome, read, reasons, slowest


def began(test: str) -> dict[str, Any]:
    return {"event": "began", "test": test}


def phase(test: str, name: str, outcome: str = PASSED, seconds: float = 1.0, reason: str = "") -> dict[str, Any]:
    return {"event": "phase", "test": test, "phase": name, "outcome": outcome, "seconds": seconds, "reason": reason}


def whole(test: str, setup: str = PASSED, call: str = PASSED, teardown: str = PASSED) -> list[dict[str, Any]]:
    phases = [phase(test, "setup", setup), phase(test, "teardown", teardown)]
    if setup == PASSED:
        phases.insert(1, phase(test, "call", call))
    return [began(test), *phases]


def outcome_of(*records: dict[str, Any]) -> Outcome:
    found = Outcome()
    for record in records:
        found.add(record)
    return found


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        pytest.param(whole("a"), PASSED, id="passed"),
        pytest.param(whole("a", call=FAILED), FAILED, id="its call failed"),
        pytest.param(whole("a", setup=FAILED), FAILED, id="its set-up failed"),
        pytest.param(whole("a", teardown=FAILED), FAILED, id="its teardown failed"),
        pytest.param(whole("a", call=SKIPPED, teardown=FAILED), FAILED, id="skipped, and its teardown failed"),
        pytest.param(whole("a", setup=SKIPPED), SKIPPED, id="skipped by a fixture"),
        pytest.param([{"event": "ended", "test": "a", "outcome": FAILED}], FAILED, id="could not be collected"),
        pytest.param(whole("a")[:3], None, id="not ended yet"),
    ],
)
def test_what_phases_make_of_a_test(records: list[dict[str, Any]], expected: str | None) -> None:
    assert outcome_of(*records).outcomes.get("a") == expected


def test_the_test_that_runs_is_known() -> None:
    assert outcome_of(*whole("a"), began("b")).running == "b"
    assert outcome_of(*whole("a")).running is None


def test_counts_times_and_reasons() -> None:
    found = outcome_of({"event": "collected", "count": 3}, *whole("a"), *whole("b", call=FAILED))
    found.add(began("c"))
    found.add(phase("c", "setup", SKIPPED, 0.5, "not run: no root"))
    found.add(phase("c", "teardown", seconds=0.25))
    assert found.collected == 3
    assert [found.count(kind) for kind in (PASSED, FAILED, SKIPPED)] == [1, 1, 1]
    assert slowest([found], 2) == [(3.0, "b"), (3.0, "a")]
    assert found.seconds["c"] == 0.75
    assert reasons([found, found]) == {"not run: no root": 2}
    assert not found.finished


def test_a_line_that_a_kill_has_cut_is_ignored(tmp_path: Path) -> None:
    record = tmp_path / "lane.jsonl"
    lines = "".join(json.dumps(each) + "\n" for each in [*whole("a"), began("b")])
    record.write_text(lines + '{"event": "pha')
    found = read(record)
    assert found.outcomes == {"a": PASSED}
    assert found.running == "b"


def test_a_lane_that_has_recorded_nothing(tmp_path: Path) -> None:
    assert read(tmp_path / "none.jsonl") == Outcome()
