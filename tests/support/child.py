"""A program under test as a process of its own: started, asked over HTTP, ended."""

import json
import re
import subprocess
import urllib.error
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGTERM, Signals
from typing import Any, ClassVar, Self

from e2e.cluster.keeper import tied
from tests.support.forkserver.client import SERVERS, ForkedProcess, can_fork

HOST = "127.0.0.1"
START_SECONDS = 60.0
END_SECONDS = 15.0
TOLD_LINES = 40
TOLD_COLUMNS = 400

_running: "dict[int, Child]" = {}


def last_words() -> Iterator[tuple[str, str]]:
    """Yield each child that has not been ended, by the name of its log, and the last that it logged."""
    for child in sorted(_running.values(), key=lambda child: child.log):
        lines = child.log.read_text(errors="replace").splitlines()[-TOLD_LINES:]
        code = child.process.poll() if child.process is not None else None
        state = "runs" if code is None else f"ended by itself with {code}"
        yield f"{child.log.name} ({state})", "\n".join(line[:TOLD_COLUMNS] for line in lines)


class Child(ABC):
    """One program as a process.

    Attributes:
        process: the process; None while there is none.
    """

    listening: ClassVar[str]
    """Pattern of the log message with the address that it listens on; the group is the port."""

    process: "subprocess.Popen[bytes] | ForkedProcess | None" = None

    @abstractmethod
    def command(self) -> Sequence[str]:
        """Return what is run."""

    @abstractmethod
    def variables(self) -> Mapping[str, str]:
        """Return its whole environment."""

    @property
    @abstractmethod
    def log(self) -> Path:
        """What it logged, over all its starts."""

    @property
    def output(self) -> Path:
        """What it printed, over all its starts."""
        return self.log.with_suffix(".out")

    def start(self) -> Self:
        """Start it, again with the same settings; returns at once. It is killed with the thread that calls this.

        A program that is forked from one that was imported before is killed with this process.
        """
        command, environment = [*self.command()], self.variables()
        with self.log.open("ab") as log, self.output.open("ab") as output:
            if can_fork(command, environment):
                self.process = SERVERS.start(command, environment, output, log)
            else:
                self.process = subprocess.Popen(tied(command), env=environment, stdout=output, stderr=log)
        _running[id(self)] = self
        return self

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self.process is not None
        return self.process.pid

    def signal(self, signum: Signals) -> None:
        """Send it a signal."""
        assert self.process is not None
        self.process.send_signal(signum)

    def stop(self) -> int:
        """End it in good order and return its exit code."""
        return self._end(SIGTERM)

    def kill(self) -> int:
        """End it as a power cut would, and return its exit code."""
        return self._end(SIGKILL)

    def _end(self, signum: Signals) -> int:
        _running.pop(id(self), None)
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signum)
            self.process.send_signal(SIGCONT)
        code = self.process.wait(END_SECONDS)
        self.process = None
        return code

    def lines(self) -> list[dict[str, Any]]:
        """Return its log, each line parsed: a line that is no JSON is a fault."""
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []

    def messages(self) -> list[str]:
        """Return the messages of its log."""
        return [line["message"] for line in self.lines()]

    @property
    def port(self) -> int:
        """Where it listens since its last start; 0 while that is not known."""
        found = re.findall(self.listening, self.log.read_text()) if self.log.exists() else []
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

    def metric(self, name: str, **labels: str) -> float:
        """Return the sum of a metric's samples that carry `labels`."""
        total = 0.0
        for line in self.get("/metrics")[1].splitlines():
            sample, _, value = line.rpartition(" ")
            if sample.partition("{")[0] == name and all(f'{k}="{v}"' in sample for k, v in labels.items()):
                total += float(value)
        return total
