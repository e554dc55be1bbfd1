"""The side of the test run: one server for each program, started with the first process of it."""

import json
import os
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from io import FileIO
from signal import Signals
from typing import BinaryIO

from e2e.cluster.checkout import ROOT

SWITCH = "EDGE_TEST_FORKSERVER"
"""Environment variable; `0` starts every program by itself."""

_BY_THE_INTERPRETER = "PYTHON"
"""What begins with this is read when the interpreter starts: a fork comes too late for it."""


@dataclass
class ForkedProcess:
    """A process that a server has forked: what tests use of `subprocess.Popen`.

    Attributes:
        command: what was started.
        status: the pipe on which the server says its process id and, at its end, its wait status.
        pid: its process id.
        returncode: its exit code, or the negative number of the signal that killed it; None while it runs.
    """

    command: Sequence[str]
    status: FileIO = field(repr=False)
    pid: int = 0
    returncode: int | None = None

    def __post_init__(self) -> None:
        self.pid = int(self._line() or 0)
        if not self.pid:
            raise OSError(f"{' '.join(self.command)} could not be started: its fork server has ended")

    def poll(self) -> int | None:
        """Return its exit code; None while it runs."""
        with suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end, at most `timeout` seconds, and return its exit code.

        Raises:
            subprocess.TimeoutExpired: it still runs.
        """
        if self.returncode is None:
            if not select.select([self.status], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(list(self.command), timeout or 0.0)
            self.returncode = os.waitstatus_to_exitcode(int(self._line() or Signals.SIGKILL))
            self.status.close()
        return self.returncode

    def send_signal(self, signum: int) -> None:
        """Send it a signal, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, signum)

    def _line(self) -> bytes:
        # Unbuffered, so that `select` sees all that has not been read.
        line = b""
        while not line.endswith(b"\n") and (byte := self.status.read(1)):
            line += byte
        return line


class ForkServers:
    """The servers of this process, by the program that each has imported."""

    def __init__(self) -> None:
        self._servers: dict[str, tuple[socket.socket, subprocess.Popen[bytes]]] = {}
        self._lock = threading.Lock()

    def start(
        self, command: Sequence[str], environment: Mapping[str, str], output: BinaryIO, error: BinaryIO
    ) -> ForkedProcess:
        """Start `python -m MODULE ARGUMENT …` in this process' working directory."""
        module, *arguments = command[2:]
        request = json.dumps({"arguments": arguments, "environment": dict(environment)}).encode()
        reading, writing = os.pipe()
        with ExitStack() as opened:
            opened.callback(os.close, writing)
            with self._lock:
                control, _ = self._servers.get(module) or self._servers.setdefault(module, _serve(module))
                socket.send_fds(control, [request], [output.fileno(), error.fileno(), writing])
        return ForkedProcess(command, FileIO(reading))


def can_fork(command: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Return whether a command is a Python module that a fork runs as an interpreter of its own does."""
    if os.environ.get(SWITCH) == "0" or list(command[:2]) != [sys.executable, "-m"]:
        return False
    return not any(name.startswith(_BY_THE_INTERPRETER) for name in environment)


def _serve(module: str) -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """Start the server of a module; it ends with this process, whose end closes the socket."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.support.forkserver.server", module, str(theirs.fileno())],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"]},
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
    return ours, server


SERVERS = ForkServers()
