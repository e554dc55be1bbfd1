"""The site's programs as processes under test."""

import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGTERM, Signals
from typing import Any

from tests.support.processes import eventually

HOST = "127.0.0.1"
START_SECONDS = 30.0
END_SECONDS = 30.0


@dataclass
class ServiceProcess:
    """One program as a process.

    Attributes:
        module: what `python -m` runs.
        directory: where its output goes.
        name: of the files with its output.
        environment: its settings.
        arguments: its flags.
    """

    module: str
    directory: Path
    name: str
    environment: Mapping[str, str] = field(default_factory=dict)
    arguments: Sequence[str] = ()
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> "ServiceProcess":
        """Start it, again with the same settings; returns at once."""
        settings = {"PATH": os.environ["PATH"], "HOST": HOST, "PORT": "0", **self.environment}
        with self.log.open("ab") as log, self.output.open("ab") as output:
            command = [sys.executable, "-m", self.module, *self.arguments]
            self.process = subprocess.Popen(command, env=settings, stdout=output, stderr=log)
        return self

    @property
    def log(self) -> Path:
        """What it logged, over all its starts."""
        return self.directory / f"{self.name}.log"

    @property
    def output(self) -> Path:
        """What it printed, over all its starts."""
        return self.directory / f"{self.name}.out"

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self.process is not None
        return self.process.pid

    def signal(self, signum: Signals) -> None:
        """Send it a signal."""
        os.kill(self.pid, signum)

    def kill(self) -> int:
        """End it as a power cut would, and return its exit code."""
        return self._end(SIGKILL)

    def stop(self) -> int:
        """End it in good order and return its exit code."""
        return self._end(SIGTERM)

    def _end(self, signum: Signals) -> int:
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signum)
            self.process.send_signal(SIGCONT)
        code = self.process.wait(END_SECONDS)
        self.process = None
        return code

    def messages(self) -> list[str]:
        """Return the messages of its log; a line that is no JSON is a fault."""
        return [json.loads(line)["message"] for line in self.log.read_text().splitlines()]

    def events(self) -> list[dict[str, Any]]:
        """Return the whole lines that it printed, as JSON."""
        text = self.output.read_text()
        return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]

    @property
    def port(self) -> int:
        """Where it listens since its last start; 0 while that is not known."""
        found = re.findall(rf"listening on http://{HOST}:([0-9]+)", self.log.read_text())
        return int(found[-1]) if found else 0

    def get(self, path: str) -> tuple[int, str]:
        """Return status and body of one of its HTTP routes; status 0 where it does not answer."""
        try:
            with urllib.request.urlopen(f"http://{HOST}:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def metric(self, name: str) -> float:
        """Return the sum of a metric's samples."""
        total = 0.0
        for line in self.get("/metrics")[1].splitlines():
            sample, _, value = line.rpartition(" ")
            if sample.partition("{")[0] == name:
                total += float(value)
        return total

    def await_ready(self) -> "ServiceProcess":
        """Return once it is ready."""
        eventually(f"{self.name} is ready", lambda: self.get("/ready")[0] == 200 or None, START_SECONDS)
        return self
