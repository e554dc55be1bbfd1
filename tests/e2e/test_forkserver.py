"""A program that is forked from one that was imported before is what `python -m` starts."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.cluster.processes import Process
from e2e.cluster.wait import until
from tests.support.forkserver.client import SERVERS, ForkedProcess, can_fork

pytestmark = pytest.mark.process

DEVICE = [sys.executable, "-m", "edge_device"]
BROKER = "mqtt://127.0.0.1:9"
LOGINS = [*DEVICE, "--broker", BROKER, "--logins"]


def start(command: list[str], directory: Path, **environment: str) -> ForkedProcess:
    with (directory / "out").open("wb") as out, (directory / "err").open("wb") as err:
        return SERVERS.start(command, {"PATH": os.environ["PATH"], **environment}, out, err)


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[ForkedProcess]:
    """A device whose broker does not answer."""
    logins = tmp_path / "logins"
    logins.write_text("d1:password\n")
    process = start([*LOGINS, str(logins)], tmp_path)
    assert until(lambda: "edge-device" in (tmp_path / "err").read_text(), seconds=30)
    yield process
    process.send_signal(signal.SIGKILL)
    process.wait(10)


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        pytest.param(["--version"], {}, id="ends well"),
        pytest.param([], {}, id="cannot start"),
        pytest.param(["--no-such-flag"], {"COLUMNS": "60"}, id="argparse ends it"),
    ],
)
def test_output_and_exit_code_are_those_of_an_interpreter_of_its_own(
    tmp_path: Path, arguments: list[str], environment: dict[str, str]
) -> None:
    command = [*DEVICE, *arguments]
    done = subprocess.run(
        command,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert start(command, tmp_path, **environment).wait(30) == done.returncode
    assert (tmp_path / "out").read_text() == done.stdout
    lines = [line.partition('"level"')[2] or line for line in (tmp_path / "err").read_text().splitlines()]
    assert lines == [line.partition('"level"')[2] or line for line in done.stderr.splitlines()]


def test_it_has_its_own_environment_and_no_descriptor_of_another(tmp_path: Path, waiting: ForkedProcess) -> None:
    assert waiting.poll() is None
    (tmp_path / "second").mkdir()
    second = start([*LOGINS, str(tmp_path / "logins")], tmp_path / "second")
    assert until(lambda: "edge-device" in (tmp_path / "second" / "err").read_text(), seconds=30)
    opened = [path.stat().st_ino for path in Path(f"/proc/{second.pid}/fd").iterdir() if path.exists()]
    try:
        assert os.fstat(waiting.status.fileno()).st_ino not in opened
    finally:
        second.send_signal(signal.SIGKILL)
        assert second.wait(10) == -signal.SIGKILL


def test_a_signal_ends_it_in_good_order_and_its_code_is_known_after(waiting: ForkedProcess) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        waiting.wait(0.01)
    waiting.send_signal(signal.SIGTERM)
    assert waiting.wait(20) == 0
    assert waiting.poll() == 0
    waiting.send_signal(signal.SIGTERM)  # nobody gets it


@pytest.mark.parametrize(
    ("command", "environment", "switch", "expected"),
    [
        pytest.param(DEVICE, {}, "1", True, id="a module"),
        pytest.param(["/bin/sleep", "1"], {}, "1", False, id="no Python"),
        pytest.param([sys.executable, "-c", "pass"], {}, "1", False, id="no module"),
        pytest.param(DEVICE, {"PYTHONUNBUFFERED": "1"}, "1", False, id="read when the interpreter starts"),
        pytest.param(DEVICE, {}, "0", False, id="switched off"),
    ],
)
def test_what_is_forked(
    monkeypatch: pytest.MonkeyPatch, command: list[str], environment: dict[str, str], switch: str, *, expected: bool
) -> None:
    monkeypatch.setenv("EDGE_TEST_FORKSERVER", switch)
    assert can_fork(command, environment) is expected


RUN = """
import sys, threading
from pathlib import Path
from tests.e2e.test_forkserver import LOGINS, start

print(start([*LOGINS, sys.argv[1]], Path(sys.argv[2])).pid, flush=True)
threading.Event().wait()
"""


def test_it_is_killed_with_the_run(tmp_path: Path) -> None:
    logins = tmp_path / "logins"
    logins.write_text("d1:password\n")
    command = [sys.executable, "-c", RUN, str(logins), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        program = Process.of(int(run.stdout.readline()))
        assert program.alive
        os.kill(run.pid, signal.SIGKILL)
    assert until(lambda: not program.alive, seconds=10)
