"""What the person who typed `make test` reads: progress while the lanes run, and the result at the end."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from e2e.testrun.outcome import FAILED, PASSED, SKIPPED, Outcome, reasons, slowest
from e2e.testrun.process import LaneProcess

SLOWEST = 20
LOG_LINES = 400
"""How much of a failed lane's log is printed at most; all of it is in the file."""


def minutes(seconds: float) -> str:
    """Return a time as `3:05`."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02}"


def progress(seconds: float, lanes: Iterable[LaneProcess]) -> str:
    """Return one line: how far each lane is."""
    return f"{minutes(seconds):>6}  " + " · ".join(_state(lane) for lane in lanes)


def _state(lane: LaneProcess) -> str:
    seen = lane.outcome()
    total = "?" if seen.collected is None else str(seen.collected)
    failed = f", {seen.count(FAILED)} FAILED" if seen.count(FAILED) else ""
    return f"{lane.lane.name} {len(seen.outcomes)}/{total}{failed}"


def failures(log: Path) -> list[str]:
    """Return what pytest printed of failures: from that heading on, or the end of the log if there is none."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    headings = (n for n, line in enumerate(lines) if line.startswith("==") and ("FAILURES" in line or "ERRORS" in line))
    return lines[next(headings, 0) :][-LOG_LINES:]


def closing(seconds: float, lanes: Sequence[LaneProcess], missing: Sequence[str]) -> Iterator[str]:
    """Yield the lines at the end: what was not run and why, the slowest tests, a line for each lane, the counts.

    Args:
        seconds: how long everything took.
        lanes: the lanes, which have ended.
        missing: what could not be started at all, with the reason.
    """
    outcomes = [lane.outcome() for lane in lanes]
    yield f"the {SLOWEST} slowest tests:"
    for taken, test in slowest(outcomes, SLOWEST):
        yield f"  {taken:7.1f} s  {test}"
    for reason, count in sorted(reasons(outcomes).items()):
        yield f"not run: {count} {'test' if count == 1 else 'tests'}: {reason}"
    yield from (f"not run: {reason}" for reason in missing)
    for lane, seen in zip(lanes, outcomes, strict=True):
        yield _lane_line(lane, seen)
    total = {kind: sum(seen.count(kind) for seen in outcomes) for kind in (PASSED, FAILED, SKIPPED)}
    # A lane that was killed between two tests has no failed test; the count must not look like a success.
    failed = max(total[FAILED], sum(1 for lane in lanes if lane.failure()))
    yield f"{minutes(seconds)} minutes in all"
    yield f"{total[PASSED]} passed, {failed} failed, {total[SKIPPED]} skipped"


def _lane_line(lane: LaneProcess, seen: Outcome) -> str:
    verdict = lane.failure()
    ran = f"{len(seen.outcomes)} of {seen.collected if seen.collected is not None else '?'} tests"
    what = f"FAILED: {verdict}; all it printed is in {lane.log}" if verdict else "passed"
    return f"lane {lane.lane.name}: {ran} in {minutes(lane.seconds)}: {what}"
