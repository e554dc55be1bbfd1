"""One lane as a process: started, watched, ended; and what it left: its log, its record, its exit status."""

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from e2e.cluster.checkout import ROOT
from e2e.cluster.keeper import tied
from e2e.testrun import outcome
from e2e.testrun.lanes import Lane
from e2e.testrun.outcome import FAILED, Outcome
from e2e.testrun.recorder import RECORD

STALL_SECONDS = 1800.0
"""A lane without any record for this long hangs; a cold build that a fixture waits for takes less."""

GARBAGE = "300"
"""GOGC of the control planes: four of them spend a sixth of their CPU on collecting garbage at Go's default of 100."""

DUMP_SECONDS = 10.0
END_SECONDS = 60.0
NOTHING_COLLECTED = 5
"""pytest's exit status when it found no test."""


@dataclass
class LaneProcess:
    """A pytest process that runs the files of one lane.

    Attributes:
        lane: the lane.
        python: the interpreter of the environment that it runs in.
        files: what it runs, relative to the checkout.
        directory: where its log and its record go.
        arguments: more arguments of pytest.
        stall_seconds: how long it may record nothing before it is ended.
        problem: why it was ended from outside; empty if it was not.
    """

    lane: Lane
    python: Path
    files: Sequence[str]
    directory: Path
    arguments: Sequence[str] = ()
    stall_seconds: float = STALL_SECONDS
    problem: str = ""
    _process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)
    _began: float = 0.0
    _ended: float = 0.0

    @property
    def log(self) -> Path:
        """What pytest printed."""
        return self.directory / f"{self.lane.name}.log"

    @property
    def record(self) -> Path:
        """What its recorder wrote."""
        return self.directory / f"{self.lane.name}.jsonl"

    def start(self) -> None:
        """Start it, killed with the thread that calls this."""
        self.record.unlink(missing_ok=True)
        plugins = ["-p", "e2e.testrun.recorder", "-p", "no:cacheprovider"]
        command = [str(self.python), "-m", "pytest", *plugins, *self.lane.options, *self.arguments, *self.files]
        self._began = time.monotonic()
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                tied(command),
                cwd=ROOT,
                env={"GOGC": GARBAGE} | os.environ | {RECORD: str(self.record), "EDGE_TEST_LANE": self.lane.name},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def outcome(self) -> Outcome:
        """Return what it has recorded so far."""
        return outcome.read(self.record)

    @property
    def seconds(self) -> float:
        """How long it has run."""
        return (self._ended or time.monotonic()) - self._began if self._began else 0.0

    def poll(self) -> bool:
        """Return whether it has ended; ends it if it hangs."""
        if self._process is None or self._ended:
            return True
        if self._process.poll() is None and self._silence() > self.stall_seconds:
            self.problem = f"nothing happened for {self.stall_seconds:.0f} s"
            self.abort()
        if self._process.poll() is None:
            return False
        self._ended = time.monotonic()
        return True

    def abort(self) -> None:
        """End it with a dump of its threads in its log."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGABRT)
        self._wait(DUMP_SECONDS)

    def interrupt(self) -> None:
        """Have it end in good order, as Ctrl-C does: fixtures are torn down."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)

    def finish(self) -> None:
        """Wait for its end after an interruption; SIGKILL to one that does not end."""
        if self._process is not None:
            self._wait(END_SECONDS)
            self.poll()

    def failure(self) -> str | None:
        """Return why this lane, which has ended, has failed; None if it has not."""
        seen = self.outcome()
        if self._process is None or self.problem:
            return f"{self.problem or 'not started'}{_at(seen)}"
        status = self._process.returncode
        if status == NOTHING_COLLECTED:
            return "no test was found"
        if status < 0:
            return f"killed by {signal.Signals(-status).name}{_at(seen)}"
        if seen.count(FAILED):
            return f"{seen.count(FAILED)} failed"
        if status != 0 or not seen.finished:
            return f"pytest ended with {status}{_at(seen)}"
        return None

    def _silence(self) -> float:
        """Seconds since its last record."""
        since = self.record.stat().st_mtime if self.record.exists() else 0.0
        return min(time.time() - since, time.monotonic() - self._began)

    def _wait(self, seconds: float) -> None:
        assert self._process is not None  # noqa: S101 — the callers have looked
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(END_SECONDS)


def _at(seen: Outcome) -> str:
    if seen.running:
        return f", at {seen.running}"
    return ", before it had collected its tests" if seen.collected is None else ""
