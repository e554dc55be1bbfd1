"""Ending processes for certain, and only the right ones."""

import subprocess
import sys
import time

import pytest

from e2e.cluster.keeper import tied
from e2e.cluster.processes import Process, end

pytestmark = pytest.mark.process

STUBBORN = "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); sys.stdin.read()"


def test_stubborn_process_is_killed_after_the_grace() -> None:
    with subprocess.Popen([sys.executable, "-c", STUBBORN], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout
        child.stdout.readline()
        process = Process.of(child.pid)
        began = time.monotonic()
        end([process], grace=0.3)
        assert 0.3 <= time.monotonic() - began < 5
        assert not process.exists


def test_same_pid_with_another_start_is_another_process() -> None:
    me = Process.current()
    assert me.alive
    assert not Process(me.pid, str(int(me.started) + 1), me.boot).alive
    assert not Process(me.pid, me.started, "another boot").alive


def test_nothing_is_started_for_a_parent_that_has_ended() -> None:
    command = tied(["/bin/echo", "started"])
    command[command.index("1") - 1] = "1"
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert "gone" in done.stderr
    assert done.stdout == ""
