"""The status of a site's devices, from `kubectl get edgedevices`, and faults of a simulated device."""

import time
from dataclasses import dataclass
from typing import Any

from e2e.cluster import wait
from e2e.cluster.errors import HarnessError
from e2e.kubernetes import Kubernetes
from e2e.live_table import LiveTable

SECONDS = 180.0
"""A program that was killed again and again is started again after minutes."""

SIGNAL = """
import os, sys
for pid in filter(str.isdecimal, os.listdir("/proc")):
    if b"edge_device" in open(f"/proc/{pid}/cmdline", "rb").read() and int(pid) != os.getpid():
        os.kill(int(pid), int(sys.argv[1]))
"""
KILL, STOP, CONTINUE = 9, 19, 18
KILLED_TOO = "exit code 137"


@dataclass(frozen=True)
class Lives:
    """The devices of one namespace.

    Attributes:
        cluster: where they are.
        namespace: the namespace.
        table: where they are shown.
    """

    cluster: Kubernetes
    namespace: str
    table: LiveTable

    def now(self) -> dict[str, str]:
        """Return phase and reason of each device."""
        devices = self.cluster.items("edgedevices", "-n", self.namespace)
        return {device["metadata"]["name"]: _told(device.get("status") or {}) for device in devices}

    def await_all(self, expected: dict[str, str]) -> dict[str, str]:
        """Show the devices until every one is as expected (the beginning of phase and reason).

        Raises:
            HarnessError: they are not in time.
        """
        self.table.begin()
        end = time.monotonic() + SECONDS
        while True:
            found = self.now()
            self.table.show(found)
            if all(found.get(name, "").startswith(wanted) for name, wanted in expected.items()):
                return found
            if time.monotonic() > end:
                raise HarnessError(f"after {SECONDS:.0f} s the devices are not {expected}: {found}")
            time.sleep(0.5)

    def signal(self, device: str, number: int) -> None:
        """Send a signal to the program that simulates a device."""
        target = f"deployment/simulated-{device}"
        self.cluster.kubectl("exec", "-n", self.namespace, target, "--", "python3", "-c", SIGNAL, str(number))

    def kill(self, device: str) -> None:
        """Kill the program twice: after the second time Kubernetes waits for ten seconds before it starts it again.

        Raises:
            HarnessError: it is not started again after the first time.
        """
        before = self._restarts(device)
        self._end(device)
        if not wait.until(lambda: self._restarts(device) > before and self._is_back(device), seconds=SECONDS):
            raise HarnessError(f"simulated-{device} did not come back within {SECONDS:.0f} s")
        self._end(device)

    def _end(self, device: str) -> None:
        try:
            self.signal(device, KILL)
        except HarnessError as error:
            # With its first process a container loses all others, the one that has sent the signal as well.
            if KILLED_TOO not in str(error):
                raise

    def _is_back(self, device: str) -> bool:
        """Return whether the running program has published its status `online`."""
        target = f"deployment/simulated-{device}"
        return " online device=" in self.cluster.kubectl("logs", "-n", self.namespace, target, "--tail=50")

    def _restarts(self, device: str) -> int:
        """Return how often the running program was restarted; -1 while it does not run."""
        selector = f"app.kubernetes.io/instance={device},app.kubernetes.io/name=edge-device"
        pods = self.cluster.items("pods", "-n", self.namespace, "-l", selector)
        found = [each for pod in pods for each in pod["status"].get("containerStatuses", ())]
        running = [each["restartCount"] for each in found if "running" in each["state"]]
        return max(running, default=-1)


def _told(status: dict[str, Any]) -> str:
    reason = (status.get("connectivity") or {}).get("reason", "")
    return f"{status.get('phase', 'waits')} {reason}".rstrip()
