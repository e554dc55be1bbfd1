"""A site of real processes under measurement: broker, store, processor, gateway, with a Python of choice."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from e2e.cluster.checkout import ROOT
from e2e.mosquitto.build import ensure_mosquitto
from edge_operator.api.broker import BrokerClient
from tests.edge_gateway.gateways import TOKEN
from tests.edge_processor.site import Site
from tests.edge_service.process import ServiceProcess
from tests.support.forkserver.client import SWITCH
from tests.support.mosquitto import MosquittoFactory

COUNTER = "~counter"
QUEUE_MEMORY_BYTES = 1 << 30
"""Memory limit of the broker from which its queues are computed: a burst of 100,000 readings must fit."""

CLIENTS = [BrokerClient(name="counter", subscribe=["cloud/sensors/#", "alerts/+"])]
WAIT_SECONDS = 300.0


@dataclass
class MeasuredProcess(ServiceProcess):
    """One program, run by a chosen interpreter.

    Attributes:
        python: the interpreter.
    """

    python: Path = Path(sys.executable)

    def command(self) -> list[str]:
        """Return what is run."""
        return [*self.prefix, str(self.python), "-m", self.module, *self.arguments]

    def variables(self) -> dict[str, str]:
        """Return its whole environment; the code is that of this checkout, whichever interpreter runs it."""
        return {**super().variables(), "PYTHONPATH": str(ROOT / "workloads")}


@dataclass
class MeasuredSite(Site):
    """A site for benchmarks.

    Attributes:
        python: the interpreter of the programs.
    """

    python: Path = Path(sys.executable)
    tools: "list[Tool]" = field(default_factory=list)

    def gateway(self) -> ServiceProcess:
        """Return a gateway, not started."""
        token = self.directory / "token"
        token.write_text(TOKEN)
        environment = {
            "HOSTNAME": "gateway-a",
            "EDGE_LOCATION": "hall-1",
            "EDGE_CREDENTIALS_DIR": str(self.broker.credentials("~gateway")),
            "MQTT_BROKER": self.broker.components_url,
            "STORAGE_URL": self.store_url,
            "API_TOKEN_FILE": str(token),
            "ALLOW_PLAINTEXT_CREDENTIALS": "true",
        }
        return self._service("edge_gateway", "gateway", environment)

    def logins(self) -> Path:
        """Return a file with the logins of all devices."""
        path = self.directory / "logins"
        devices = [name for name in self.broker.passwords if name.startswith("d")]
        path.write_text("".join(f"{name}:{self.broker.passwords[name]}\n" for name in devices))
        return path

    def tool(self, module: str, *arguments: str) -> "Tool":
        """Start a load generator or a subscriber; return when it is ready."""
        tool = Tool(module, self.directory, arguments)
        self.tools.append(tool)
        tool.await_ready()
        return tool

    def end(self) -> None:
        """End every process that still runs."""
        for tool in self.tools:
            tool.end()
        super().end()

    def _service(self, module: str, name: str, environment: dict[str, str], *arguments: str) -> ServiceProcess:
        service = MeasuredProcess(module, self.directory, name, environment, arguments, python=self.python)
        self.made.append(service)
        return service


class Tool:
    """A process of the benchmark: it prints `ready`, and its figures as JSON at its end.

    Args:
        module: what `python -m` runs.
        directory: where its errors go.
        arguments: its flags.
    """

    def __init__(self, module: str, directory: Path, arguments: tuple[str, ...]) -> None:
        self.name = module
        self._errors = directory / f"{module}.err"
        with self._errors.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def await_ready(self) -> None:
        """Return when it has printed `ready`."""
        line = self.answer()
        assert line == "ready\n", line

    def go(self, command: str = "") -> None:
        """Let it begin, or send it a command."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()

    def answer(self) -> str:
        """Return the next line that it prints."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, self._failure()
        return line

    def figures(self) -> dict[str, float | list[float]]:
        """Return what it prints at its end."""
        out, _ = self._process.communicate(timeout=WAIT_SECONDS)
        assert self._process.returncode == 0, self._failure()
        figures: dict[str, float | list[float]] = json.loads(out)
        return figures

    def _failure(self) -> str:
        return f"{self.name} failed: {self._errors.read_text()[-2000:]}"

    def end(self) -> None:
        """End it."""
        if self._process.poll() is None:
            self._process.kill()
        # Closes the pipes and collects it.
        with self._process:
            pass


@contextmanager
def measured_site(
    python: Path, directory: Path | None, devices: int, broker_bytes: int = QUEUE_MEMORY_BYTES
) -> Iterator[MeasuredSite]:
    """Yield a site with a running broker and store.

    Args:
        python: the interpreter of the programs.
        directory: below which all files are, on the disk to be measured.
        devices: number of devices with a login.
        broker_bytes: memory limit from which the broker's queues are computed.
    """
    # A forked program has the memory of the process that it was forked from.
    os.environ[SWITCH] = "0"
    with tempfile.TemporaryDirectory(prefix="edge-path-", dir=directory) as name:
        factory = MosquittoFactory(ensure_mosquitto() / "bin", Path(name))
        names = [f"d{number:02}" for number in range(1, devices + 1)]
        try:
            broker = factory(names, CLIENTS, broker_bytes)
            site = MeasuredSite(broker, Path(name), python=python)
            try:
                site.store.start().await_ready()
                yield site
            finally:
                site.end()
        finally:
            factory.end_all()
