"""Many simulated devices in one process: `edge-device`, as users try it."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP, SIGTERM, Signals

from tests.support.mosquitto import Mosquitto

END_SECONDS = 30.0


@dataclass
class DeviceFleet:
    """Devices of one broker that live and die together.

    Attributes:
        broker: where they connect.
        names: who they are.
        directory: where their log goes.
        heartbeat: how often they say that they are there.
        url: by which way; empty for the broker's own listener.
    """

    broker: Mosquitto
    names: Sequence[str]
    directory: Path
    heartbeat: str = "1s"
    url: str = ""
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> "DeviceFleet":
        """Let them connect; returns at once."""
        logins = self.directory / "logins"
        logins.write_text("".join(f"{name}:{self.broker.passwords[name]}\n" for name in self.names))
        words = ["--broker", self.url or self.broker.url, "--logins", str(logins), "--count", str(len(self.names))]
        pace = ["--heartbeat", self.heartbeat, "--interval", "24h", "--output", "quiet"]
        with (self.directory / "devices.log").open("ab") as log:
            command = [sys.executable, "-m", "edge_device", *words, *pace]
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        return self

    def stop(self) -> None:
        """Have them sign off."""
        self._end(SIGTERM)

    def kill(self) -> None:
        """End them as a power cut would: the broker publishes their wills."""
        self._end(SIGKILL)

    def freeze(self) -> None:
        """Let them fall silent, with their connections open."""
        self._signal(SIGSTOP)

    def thaw(self) -> None:
        """Let them go on."""
        self._signal(SIGCONT)

    def _signal(self, signum: Signals) -> None:
        assert self._process is not None
        self._process.send_signal(signum)

    def _end(self, signum: Signals) -> None:
        if self._process is not None:
            if self._process.poll() is None:
                self._process.send_signal(signum)
                self._process.send_signal(SIGCONT)
            self._process.wait(END_SECONDS)
            self._process = None
