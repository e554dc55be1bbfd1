"""Lanes as real processes: one that passes, fails, hangs or is killed, and how its end is reported."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from e2e.cluster.processes import Process
from e2e.cluster.wait import until
from e2e.testrun.lanes import Lane
from e2e.testrun.process import STALL_SECONDS, LaneProcess
from e2e.testrun.summary import closing, failures, progress

pytestmark = pytest.mark.process
SECONDS = 60.0

PASSES = "def test_passes(): pass\n"
FAILS = "def test_fails(): assert 1 == 2, 'one is not two'\n"
SKIPS = "import pytest\n@pytest.mark.skip(reason='not run: no root')\ndef test_skips(): pass\n"
KILLED = PASSES + "import os\ndef test_dies(): os.kill(os.getpid(), 9)\n"
HANGS = PASSES + "import threading\ndef test_hangs(): threading.Event().wait()\n"
BROKEN = "def test_x(:\n"
TIDY = """
import pathlib, pytest, threading
@pytest.fixture
def tidy():
    yield
    pathlib.Path(__file__).with_name("tidied").touch()
def test_waits(tidy):
    pathlib.Path(__file__).with_name("begun").touch()
    threading.Event().wait()
"""


def lane(directory: Path, source: str, stall_seconds: float = STALL_SECONDS) -> LaneProcess:
    file = directory / "test_it.py"
    file.write_text(source)
    return LaneProcess(Lane("some", ("*",)), Path(sys.executable), [str(file)], directory, stall_seconds=stall_seconds)


def run(process: LaneProcess) -> LaneProcess:
    process.start()
    assert until(process.poll, seconds=SECONDS)
    return process


def last_lines(process: LaneProcess, count: int) -> list[str]:
    return list(closing(1.0, [process], []))[-count:]


def test_a_lane_that_passes(tmp_path: Path) -> None:
    process = run(lane(tmp_path, PASSES + SKIPS))
    assert process.failure() is None
    skipped, line, _, counts = last_lines(process, 4)
    assert skipped == "not run: 1 test: Skipped: not run: no root"
    assert line.startswith("lane some: 2 of 2 tests in 0:")
    assert line.endswith(": passed")
    assert counts == "1 passed, 0 failed, 1 skipped"


def test_a_test_that_fails(tmp_path: Path) -> None:
    process = run(lane(tmp_path, PASSES + FAILS))
    assert process.failure() == "1 failed"
    assert last_lines(process, 1) == ["1 passed, 1 failed, 0 skipped"]
    said = failures(process.log)
    assert "FAILURES" in said[0]
    assert any("one is not two" in line for line in said)
    assert "some 2/2, 1 FAILED" in progress(1.0, [process])


@pytest.mark.parametrize(
    ("source", "failure"),
    [
        pytest.param(KILLED, "killed by SIGKILL, at test_it.py::test_dies", id="kill -9"),
        pytest.param(BROKEN, "1 failed", id="cannot be collected"),
        pytest.param("", "no test was found", id="no test"),
        pytest.param("import os; os._exit(3)", "pytest ended with 3, before it had collected its tests", id="ends"),
    ],
)
def test_a_lane_that_does_not_come_to_its_end(source: str, failure: str, tmp_path: Path) -> None:
    process = run(lane(tmp_path, source))
    found = process.failure() or ""
    assert re.sub(r"at \S*test_it", "at test_it", found) == failure
    assert f"FAILED: {found}" in last_lines(process, 3)[0]
    assert ", 0 failed" not in last_lines(process, 1)[0]


def test_a_lane_that_hangs_is_ended_and_says_where(tmp_path: Path) -> None:
    process = run(lane(tmp_path, HANGS, stall_seconds=10.0))
    failure = process.failure() or ""
    assert failure.startswith("nothing happened for 10 s, at ")
    assert failure.endswith("::test_hangs")
    assert "test_it.py" in process.log.read_text(), "faulthandler prints where each thread is"
    assert "in test_hangs" in process.log.read_text()


def test_interrupted_it_tears_its_fixtures_down(tmp_path: Path) -> None:
    process = lane(tmp_path, TIDY)
    process.start()
    assert until((tmp_path / "begun").exists, seconds=SECONDS)
    process.interrupt()
    process.finish()
    assert (tmp_path / "tidied").exists()
    assert process.failure()


def test_it_is_killed_with_the_run(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from e2e.testrun.lanes import Lane; "
        "from e2e.testrun.process import LaneProcess; here = Path(sys.argv[1]); "
        "lane = LaneProcess(Lane('some', ('*',)), Path(sys.executable), [str(here / 'test_it.py')], here); "
        "lane.start(); time.sleep(60)"
    )
    (tmp_path / "test_it.py").write_text(TIDY.replace("touch()", "write_text(str(__import__('os').getpid()))"))
    with subprocess.Popen([sys.executable, "-c", script, str(tmp_path)]) as runner:
        begun = tmp_path / "begun"
        assert until(lambda: begun.exists() and bool(begun.read_text()), seconds=SECONDS)
        started = Process.of(int(begun.read_text()))
        os.kill(runner.pid, signal.SIGKILL)
    assert until(lambda: not started.alive, seconds=SECONDS)
