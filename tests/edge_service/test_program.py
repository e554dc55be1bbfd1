"""The frame of a program, as a process."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

PROGRAM = '''
import asyncio
import warnings
from dataclasses import dataclass
from edge_service.setting import setting
from edge_service.program import Program, StartError, until
from edge_service.settings import ServiceSettings

@dataclass(frozen=True, kw_only=True)
class Settings(ServiceSettings):
    """Of the test."""
    how: str = setting("How it goes.", default="well")

async def work():
    print("works", flush=True)
    await asyncio.Event().wait()

async def serve(settings, stop):
    if settings.how == "cannot start":
        raise StartError("set HOW to well")
    if settings.how == "warns":
        warnings.warn("the serial is negative", UserWarning)
        return
    if settings.how == "fails":
        raise RuntimeError("broken")
    try:
        await until(stop, work())
        if settings.how == "hangs":
            print("hangs", flush=True)
            await asyncio.Event().wait()
    finally:
        print("drained", flush=True)

Program("edge-test", "Tests, 100 % of it.", Settings, serve).run()
'''


@contextmanager
def started(tmp_path: Path, *arguments: str, how: str = "well") -> Iterator[subprocess.Popen[str]]:
    (tmp_path / "program.py").write_text(PROGRAM)
    command = [sys.executable, str(tmp_path / "program.py"), *arguments]
    environment = {"PATH": os.environ["PATH"], "HOW": how}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_drains(tmp_path: Path, signum: signal.Signals) -> None:
    with started(tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "works\n"
        process.send_signal(signum)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, "drained\n")
    assert [json.loads(line)["level"] for line in err.splitlines()] == ["info", "info"]


def test_a_second_signal_ends_what_hangs(tmp_path: Path) -> None:
    with started(tmp_path, how="hangs") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "works\n"
        process.terminate()
        assert process.stdout.readline() == "hangs\n"
        process.terminate()
        assert process.communicate(timeout=20)[0] == "drained\n"
    assert process.returncode == 1


@pytest.mark.parametrize(
    ("how", "code", "said"),
    [("cannot start", 2, "edge-test cannot start: set HOW to well"), ("fails", 1, "RuntimeError: broken")],
)
def test_how_it_ends_is_in_code_and_log(tmp_path: Path, how: str, code: int, said: str) -> None:
    with started(tmp_path, how=how) as process:
        _, err = process.communicate(timeout=20)
    assert process.returncode == code
    last = json.loads(err.splitlines()[-1])
    assert said in last["message"] + last.get("error", "")


def test_a_warning_of_python_is_a_line_of_the_log(tmp_path: Path) -> None:
    with started(tmp_path, how="warns") as process:
        _, err = process.communicate(timeout=20)
    lines = [json.loads(line) for line in err.splitlines()]
    (warned,) = [line for line in lines if line["logger"] == "py.warnings"]
    assert warned["level"] == "warning"
    assert "UserWarning: the serial is negative" in warned["message"]


@pytest.mark.parametrize(("flag", "said"), [("--help", "How it goes."), ("--version", "edge-test 0.")])
def test_flags(tmp_path: Path, flag: str, said: str) -> None:
    with started(tmp_path, flag) as process:
        out, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert said in out
