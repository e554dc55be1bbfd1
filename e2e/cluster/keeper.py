"""Starts the daemons of one directory, records them, and finds them again from another process."""

import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from e2e.cluster import launcher, wait
from e2e.cluster.errors import HarnessError
from e2e.cluster.processes import MARKER, Process, end, marked

KEPT_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "TZ", "TMPDIR", "GOGC")
START_SECONDS = 60.0
EVERY_SECONDS = 0.01


def tied(command: list[str]) -> list[str]:
    """The command that runs this one so that it is killed when the calling thread ends."""
    return [sys.executable, "-I", "-S", launcher.__file__, str(os.getpid()), "1", "", *command]


@dataclass(frozen=True)
class Keeper:
    """The daemons of `directory`; with `tied` they die with this process, even when it is killed.

    The kernel ties a child to the thread that started it, so one thread starts them all and idles
    as long as this object or the process exists.
    """

    directory: Path
    tied: bool
    _starter: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, "edge-daemons"), repr=False, compare=False
    )

    def start(self, name: str, command: list[str]) -> None:
        """Start a daemon in a new session, unless it runs; its output goes to `log/<name>.log`.

        Returns when it is recorded, even if it has ended since.

        Raises:
            HarnessError: it has not come to its start.
        """
        if self.find(name):
            return
        log = self.log(name)
        log.parent.mkdir(parents=True, exist_ok=True)
        record = self._record(name)
        record.parent.mkdir(parents=True, exist_ok=True)
        record.unlink(missing_ok=True)
        process = Process.of(self._starter.submit(self._spawn, record, log, command).result())
        # The launcher writes the record once it has seen that this process is there: before, it must not end.
        if not wait.until(lambda: record.exists() or not process.alive, seconds=START_SECONDS, every=EVERY_SECONDS):
            raise HarnessError(f"{name} has not begun to run within {START_SECONDS:.0f} s: see {log}")

    def find(self, name: str) -> Process | None:
        """The daemon of that name if it runs."""
        process = Process.read(self._record(name))
        return process if process and process.alive else None

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to the daemon of that name if it runs."""
        if process := self.find(name):
            process.signal(number)

    def end(self, *names: str, grace: float) -> None:
        """End these daemons; SIGKILL after `grace` seconds."""
        records = [Process.read(self._record(name)) for name in names]
        end([process for process in records if process], grace=grace)
        for name in names:
            self._record(name).unlink(missing_ok=True)

    def end_strays(self, *, grace: float) -> int:
        """End whatever else was started for the directory, recorded or not; how many there were."""
        # A start that was interrupted may not have come to its process yet.
        self._starter.submit(int).result()
        strays = marked(self.directory)
        end(strays, grace=grace)
        return len(strays)

    def log(self, name: str) -> Path:
        """Where the daemon's output goes."""
        return self.directory / "log" / f"{name}.log"

    def log_tail(self, name: str, lines: int = 15) -> str:
        """The last lines of its output, for an error message."""
        log = self.log(name)
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""

    def _record(self, name: str) -> Path:
        return self.directory / "run" / f"{name}.pid"

    def _spawn(self, record: Path, log: Path, command: list[str]) -> int:
        arguments = [str(os.getpid()), "1" if self.tied else "0", str(record), *command]
        environment = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
        fresh = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND
        return os.posix_spawn(
            sys.executable,
            [sys.executable, "-I", "-S", launcher.__file__, *arguments],
            environment | {"HOME": str(self.directory), MARKER: str(self.directory)},
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, str(log), fresh, 0o600),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsid=True,
        )
