"""Programs under test end with the test run, even when it is killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from e2e.cluster.processes import Process
from e2e.cluster.wait import until

pytestmark = pytest.mark.process

RUN = """
import sys, threading
from pathlib import Path
from tests.support.child import Child

class Sleeper(Child):
    listening = "never"
    log = Path(sys.argv[1]) / "sleeper.log"
    def command(self): return ["/bin/sleep", "300"]
    def variables(self): return {}

print(Sleeper().start().pid, flush=True)
threading.Event().wait()
"""


def test_a_program_is_killed_with_the_run(tmp_path: Path) -> None:
    command = [sys.executable, "-c", RUN, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        program = Process.of(int(run.stdout.readline()))
        assert program.alive
        os.kill(run.pid, signal.SIGKILL)
    assert until(lambda: not program.alive, seconds=10)
