"""A process of `wire_fleet`, as a benchmark works with it."""

import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.fleet import Usage
from tests.support.processes import eventually

END_SECONDS = 30.0


@dataclass
class FleetProcess:
    """Devices in one process.

    Attributes:
        name: of its log.
        directory: where its log goes.
        lines: the devices, as `wire_fleet` reads them.
        heartbeat: seconds between two heartbeats of a device.
    """

    name: str
    directory: Path
    lines: list[str] = field(default_factory=list)
    heartbeat: float = 30.0
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self, rate: float) -> "FleetProcess":
        """Let the devices connect, so many a second; returns at once."""
        command = [sys.executable, "-m", "benchmarks.wire_fleet"]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [*command, "--rate", str(rate), "--heartbeat", str(self.heartbeat)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._feed(self.lines)
        return self

    def add(self, line: str) -> None:
        """Let one more device connect."""
        self.lines.append(line)
        self._feed([line])

    def kill(self) -> None:
        """End them as a power cut would: the broker publishes their wills."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(END_SECONDS)
            self._process = None

    @property
    def runs(self) -> bool:
        """Whether the process runs."""
        return self._process is not None

    @property
    def log(self) -> Path:
        """File with its output."""
        return self.directory / f"{self.name}.log"

    @property
    def connected(self) -> int:
        """Number of connected devices, from the last line of its log."""
        lines = self.log.read_text().splitlines()
        return int(lines[-1].split()[0]) if lines else 0

    def await_connected(self, seconds: float) -> None:
        """Wait until all are connected."""
        what = f"{len(self.lines)} devices connected by {self.log}"
        eventually(what, lambda: self.connected >= len(self.lines), seconds, pause=0.2)

    def usage(self) -> Usage:
        """Return its CPU and memory."""
        assert self._process is not None
        return Usage.of(self._process.pid)

    def _feed(self, lines: list[str]) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write("".join(f"{line}\n" for line in lines).encode())
        self._process.stdin.flush()
