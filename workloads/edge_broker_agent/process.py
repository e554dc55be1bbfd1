"""The process of Mosquitto: found by its name, identified by its start time, sent signals."""

import hashlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

NAME = "mosquitto"
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
FIRST_REALTIME = 34
"""Signal number: lower ones belong to the C library. SIGRTMIN is 34 with glibc, 35 with musl."""

_STARTED = 19
"""Index of the start time among the fields after the name in /proc/<pid>/stat."""


@dataclass(frozen=True, slots=True)
class MosquittoProcess:
    """One run of Mosquitto.

    Attributes:
        pid: process id.
        started_ticks: start time in clock ticks since the machine's boot.
        boot: an id that is unique among all runs on all machines.
    """

    pid: int
    started_ticks: int
    boot: str

    def began_after(self, moment: float) -> bool:
        """Whether it started after `moment`, in seconds since the machine's boot; False within one clock tick."""
        return self.started_ticks - 1 > moment * TICKS_PER_SECOND


def since_machine_start() -> float:
    """Return the seconds since the machine's boot, on the clock of processes' start times."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Processes:
    """The processes of the pod."""

    def __init__(self, proc: Path) -> None:
        self._proc = proc

    def broker(self) -> MosquittoProcess | None:
        """Return the running Mosquitto, the older one if there are two; None if there is none."""
        found = (self._started(entry) for entry in self._proc.iterdir() if entry.name.isdigit())
        running = sorted(each for each in found if each is not None)
        if not running:
            return None
        started, pid = running[0]
        return MosquittoProcess(pid, started, self._boot(pid, started))

    def catches(self, broker: MosquittoProcess, number: int) -> bool:
        """Whether it has a handler for signal number `number`: without one, just after its start, it would end."""
        return number in self._caught(broker)

    def log_signal(self, broker: MosquittoProcess) -> int | None:
        """Return the number of its SIGRTMIN, on which it reopens its log; None if it has no handler for it."""
        return min((number for number in self._caught(broker) if number >= FIRST_REALTIME), default=None)

    def open(self, broker: MosquittoProcess) -> int:
        """Return a descriptor of the process (a pidfd) that becomes readable when it ends.

        Raises:
            ProcessLookupError: it has ended; another process may have its process id.
        """
        descriptor = os.pidfd_open(broker.pid)
        if self._started(self._proc / str(broker.pid)) != (broker.started_ticks, broker.pid):
            os.close(descriptor)
            raise ProcessLookupError(f"Mosquitto with the process id {broker.pid} has ended")
        return descriptor

    def signal(self, broker: MosquittoProcess, number: int) -> None:
        """Send it the signal number `number`.

        Raises:
            ProcessLookupError: it has ended.
            PermissionError: it runs as another user.
        """
        descriptor = self.open(broker)
        try:
            signal.pidfd_send_signal(descriptor, number)
        finally:
            os.close(descriptor)

    def _started(self, entry: Path) -> tuple[int, int] | None:
        """Return start time and process id if the process is a running Mosquitto, else None."""
        try:
            # The kernel truncates names after 15 bytes, possibly within a character.
            stat = (entry / "stat").read_text(errors="replace")
        except OSError:
            return None
        name = stat[stat.index("(") + 1 : stat.rindex(")")]
        fields = stat[stat.rindex(")") + 1 :].split()
        if name != NAME or fields[0] in {"Z", "X"}:
            return None
        return int(fields[_STARTED]), int(entry.name)

    def _caught(self, broker: MosquittoProcess) -> set[int]:
        try:
            status = (self._proc / str(broker.pid) / "status").read_text()
        except OSError:
            return set()
        mask = next((int(line.split()[1], 16) for line in status.splitlines() if line.startswith("SigCgt:")), 0)
        return {number for number in range(1, 65) if mask >> (number - 1) & 1}

    def _boot(self, pid: int, started: int) -> str:
        """Return the id of a run, from the machine's boot id, the pod's process namespace, and the process."""
        machine = (self._proc / "sys/kernel/random/boot_id").read_text().strip()
        pod = (self._proc / "self/ns/pid").stat().st_ino
        return hashlib.sha256(f"{machine}/{pod}/{pid}/{started}".encode()).hexdigest()[:32]
