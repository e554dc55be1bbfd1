"""What a lane recorded: counts, failures, what was not run and why, how long each test took."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"


@dataclass
class Outcome:
    """What is known of a lane's tests so far.

    Attributes:
        collected: how many tests there are; None before the collection has ended.
        outcomes: each test that has ended, or has failed, by its id.
        seconds: how long each test took, set-up and teardown included.
        reasons: why each skipped test was not run.
        running: the test that has begun and not ended.
        finished: whether the session came to its end.
    """

    collected: int | None = None
    outcomes: dict[str, str] = field(default_factory=dict)
    seconds: Counter[str] = field(default_factory=Counter)
    reasons: dict[str, str] = field(default_factory=dict)
    running: str | None = None
    finished: bool = False

    def count(self, outcome: str) -> int:
        """Return how many tests ended so."""
        return sum(1 for each in self.outcomes.values() if each == outcome)

    def add(self, record: Mapping[str, Any]) -> None:
        """Take a record of the lane's recorder."""
        match record["event"]:
            case "collected":
                self.collected = record["count"]
            case "began":
                self.running = record["test"]
            case "phase":
                self._add_phase(record)
            case "ended":
                self.outcomes[record["test"]] = record["outcome"]
            case "finished":
                self.finished = True
                self.running = None

    def _add_phase(self, record: Mapping[str, Any]) -> None:
        test, outcome = record["test"], record["outcome"]
        self.seconds[test] += record["seconds"]
        if outcome != PASSED:
            # A teardown that fails after a call that passed: the test failed.
            self.outcomes[test] = outcome
        if outcome == SKIPPED:
            self.reasons[test] = record["reason"]
        if record["phase"] == "teardown":
            self.outcomes.setdefault(test, PASSED)
            self.running = None


def read(path: Path) -> Outcome:
    """Return what a lane has recorded in a file so far; a last line that is not whole is ignored."""
    outcome = Outcome()
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
    for line in lines:
        if line.endswith("\n"):
            outcome.add(json.loads(line))
    return outcome


def slowest(outcomes: Iterable[Outcome], count: int) -> list[tuple[float, str]]:
    """Return the tests that took longest, in seconds with set-up and teardown, longest first."""
    taken = [(float(seconds), test) for outcome in outcomes for test, seconds in outcome.seconds.items()]
    return sorted(taken, reverse=True)[:count]


def reasons(outcomes: Iterable[Outcome]) -> Counter[str]:
    """Return why tests were not run, with how many for each reason."""
    return Counter(reason for outcome in outcomes for reason in outcome.reasons.values())
