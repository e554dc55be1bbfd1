"""Real Alertmanagers for tests, on loopback: `Alertmanager(program, directory)`."""

import json
import socket
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGKILL, Signals
from typing import Any

from e2e.cluster.errors import HarnessError
from e2e.cluster.keeper import Keeper
from e2e.cluster.ports import free_ports
from e2e.cluster.wait import until
from e2e.tools import ensure_tool
from tests.support.missing import not_run

HOST = "127.0.0.1"
NAME = "alertmanager"
START_SECONDS = 60.0
CONFIG = """
route:
  receiver: people
  group_by: ['...']
  group_wait: 0s
  group_interval: 1s
receivers:
- name: people
  webhook_configs: [{webhooks}]
"""


def alertmanager_program() -> Path:
    """Return the program, built if it is missing; the test is not run where it cannot be built."""
    try:
        return ensure_tool(NAME)
    except HarnessError as error:
        not_run(error)


@dataclass(frozen=True)
class Alertmanager:
    """One Alertmanager; it forgets its alerts when it ends.

    Attributes:
        program: the binary.
        directory: its configuration, data and log.
        notified: URL that it posts its notifications to; empty for none.
        port: stays the same over restarts.
    """

    program: Path
    directory: Path
    notified: str = ""
    port: int = field(default_factory=lambda: free_ports(1)[0])
    _keepers: list[Keeper] = field(default_factory=list, repr=False)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def start(self) -> None:
        """Start it; returns when it is ready."""
        self.directory.mkdir(exist_ok=True)
        webhook = f"{{url: '{self.notified}', send_resolved: true}}" if self.notified else ""
        (self.directory / "alertmanager.yml").write_text(CONFIG.format(webhooks=webhook))
        if not self._keepers:
            self._keepers.append(Keeper(self.directory, tied=True))
        command = [
            str(self.program),
            f"--config.file={self.directory}/alertmanager.yml",
            f"--storage.path={self.directory}/data",
            f"--web.listen-address={HOST}:{self.port}",
            "--cluster.listen-address=",
        ]
        self._keepers[0].start(NAME, command)
        if not until(self._is_ready, seconds=START_SECONDS):
            raise AssertionError(f"Alertmanager does not answer: {self._keepers[0].log_tail(NAME)}")

    def signal(self, number: Signals) -> None:
        """Send it a signal."""
        self._keepers[0].signal(NAME, number)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.signal(SIGKILL)
        self.end()

    def end(self) -> None:
        """End it."""
        for keeper in self._keepers:
            keeper.end(NAME, grace=10.0)

    def firing(self) -> dict[str, dict[str, Any]]:
        """Return the alerts that fire, by their device."""
        found = json.loads(self._get("/api/v2/alerts?active=true"))
        return {each["labels"].get("device_id", ""): each for each in found}

    def _is_ready(self) -> bool:
        with socket.socket() as probe:
            if probe.connect_ex((HOST, self.port)) != 0:
                return False
        return self._get("/-/ready") != b""

    def _get(self, path: str) -> bytes:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"{self.url}{path}", timeout=30) as answer:
                content: bytes = answer.read()
                return content or b"ok"
        except OSError:
            return b""
