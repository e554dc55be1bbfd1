"""What the kernel counts of a process: CPU time, bytes written, memory."""

import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

MIB = 1 << 20
QUIET_SECONDS = 600.0
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Spent:
    """What processes have used since they started.

    Attributes:
        cpu_seconds: user and system time, of all threads.
        written_bytes: bytes that reached the block device, and not those that were dropped before.
    """

    cpu_seconds: float
    written_bytes: int

    @classmethod
    def of(cls, pids: Iterable[int]) -> Self:
        """Return the sum of several processes."""
        each = [(_cpu_seconds(pid), _written_bytes(pid)) for pid in pids]
        return cls(sum(cpu for cpu, _ in each), sum(written for _, written in each))

    def since(self, before: "Spent") -> "Spent":
        """Return what was used after `before`."""
        return Spent(self.cpu_seconds - before.cpu_seconds, self.written_bytes - before.written_bytes)


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def _written_bytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/io").read_text().splitlines()
    counts = {name: int(value) for name, value in (line.split(": ") for line in lines)}
    return counts["write_bytes"] - counts["cancelled_write_bytes"]


def resident_bytes(pid: int) -> int:
    """Return the resident memory of a process."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmRSS:"))


def disk_bytes(directory: Path) -> int:
    """Return the bytes that a directory takes on disk, as `du` counts them."""
    return sum(path.stat().st_blocks * 512 for path in directory.rglob("*") if path.is_file())


def percentile(ordered: list[float], percent: float) -> float:
    """Return a percentile of sorted values; 0 if there are none."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else 0.0


def wait_until_quiet(pids: Sequence[int], seconds: float = 1.0) -> None:
    """Return when processes have used less than 5 % of a core for `seconds`; fail after 10 minutes."""
    end = time.monotonic() + QUIET_SECONDS
    while True:
        before = Spent.of(pids)
        time.sleep(seconds)
        if Spent.of(pids).since(before).cpu_seconds < 0.05 * seconds:
            return
        assert time.monotonic() < end, f"the processes {pids} are not at rest after {QUIET_SECONDS:.0f} s"
