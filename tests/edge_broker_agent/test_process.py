"""Finding Mosquitto among the processes."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_broker_agent.process import Processes, since_machine_start

pytestmark = pytest.mark.process


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A program of Mosquitto's name that sets no handlers, as Mosquitto has not yet when it has just been started."""
    place = tmp_path / "bin" / "mosquitto"
    place.parent.mkdir()
    shutil.copy(str(shutil.which("sleep")), place)
    return place


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    place = tmp_path / "proc"
    place.mkdir()
    for name in ("self", "sys", str(os.getpid())):
        (place / name).symlink_to(f"/proc/{name}")
    return place


@pytest.fixture
def running(program: Path, proc: Path) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([str(program), "60"]) as process:
        (proc / str(process.pid)).symlink_to(f"/proc/{process.pid}")
        yield process
        process.kill()


def test_it_is_found_by_its_name(running: subprocess.Popen[bytes], proc: Path) -> None:
    found = Processes(proc).broker()
    assert found is not None
    assert found.pid == running.pid
    assert found == Processes(proc).broker()


@pytest.mark.parametrize("name", [b"\xff\xfe", "mosquitto-wachä".encode()], ids=["no UTF-8", "cut off amid a letter"])
def test_processes_of_any_name_may_be_beside_it(program: Path, proc: Path, name: bytes) -> None:
    other = program.with_name(os.fsdecode(name))
    shutil.copy(program, other)
    with subprocess.Popen([other, "60"]) as process:
        (proc / str(process.pid)).symlink_to(f"/proc/{process.pid}")
        try:
            assert Processes(proc).broker() is None
        finally:
            process.kill()


def test_there_is_none(proc: Path) -> None:
    assert Processes(proc).broker() is None


def test_one_that_has_ended_is_none(running: subprocess.Popen[bytes], proc: Path) -> None:
    found = Processes(proc).broker()
    assert found is not None
    running.kill()
    os.waitid(os.P_PID, running.pid, os.WEXITED | os.WNOWAIT)  # a zombie still
    assert Processes(proc).broker() is None
    with pytest.raises(ProcessLookupError):
        Processes(proc).signal(found, signal.SIGHUP)


def test_a_signal_without_a_handler_is_known_to_be_deadly(running: subprocess.Popen[bytes], proc: Path) -> None:
    found = Processes(proc).broker()
    assert found is not None
    assert not Processes(proc).catches(found, signal.SIGHUP)
    assert Processes(proc).log_signal(found) is None


def test_a_start_is_after_what_was_before_and_before_what_comes(program: Path, proc: Path) -> None:
    before = since_machine_start() - 0.05
    with subprocess.Popen([str(program), "60"]) as process:
        (proc / str(process.pid)).symlink_to(f"/proc/{process.pid}")
        found = Processes(proc).broker()
        after = since_machine_start()
        process.kill()
    assert found is not None
    assert found.began_after(before)
    assert not found.began_after(after)


def test_two_starts_have_two_names(program: Path, proc: Path) -> None:
    names = set()
    for _ in range(2):
        with subprocess.Popen([str(program), "60"]) as process:
            link = proc / str(process.pid)
            link.symlink_to(f"/proc/{process.pid}")
            found = Processes(proc).broker()
            process.kill()
            link.unlink()
        assert found is not None
        names.add(found.boot)
    assert len(names) == 2
