"""Identifies processes, also if another has the same pid later, and ends them reliably."""

import contextlib
import os
import select
import signal
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

# In the environment of every process a harness directory started; its value is that directory.
MARKER = "EDGE_HARNESS_DIRECTORY"


def boot_id() -> str:
    """Start times count from the boot: after another one they cannot be compared."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _state_and_start(pid: int) -> tuple[str, str] | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return fields[0], fields[19]


@dataclass(frozen=True)
class Process:
    """A process by pid, start time (clock ticks since the boot) and boot."""

    pid: int
    started: str
    boot: str

    @classmethod
    def current(cls) -> Self:
        """The process this runs in."""
        return cls.of(os.getpid())

    @classmethod
    def of(cls, pid: int) -> Self:
        """The process that has this pid now; if there is none, the result never counts as running."""
        found = _state_and_start(pid)
        return cls(pid, found[1] if found else "", boot_id())

    @classmethod
    def read(cls, record: Path) -> Self | None:
        """What a record says, or None when there is none or it is not whole."""
        try:
            pid, started, boot = record.read_text().split()
            return cls(int(pid), started, boot)
        except (FileNotFoundError, ValueError):
            return None

    @property
    def exists(self) -> bool:
        """Whether this very process, and not another, has the pid; it may be a zombie."""
        found = _state_and_start(self.pid)
        return found is not None and found[1] == self.started and self.boot == boot_id()

    @property
    def alive(self) -> bool:
        """Whether this very process runs; a zombie does not."""
        found = _state_and_start(self.pid)
        return self.exists and found is not None and found[0] not in "ZX"

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to this process and never to a later one with its pid."""
        with contextlib.suppress(ProcessLookupError):
            handle = os.pidfd_open(self.pid)
            try:
                if self.exists:
                    signal.pidfd_send_signal(handle, number)
            finally:
                os.close(handle)

    def reap(self) -> None:
        """Collect it if it is an ended child of ours."""
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, os.WNOHANG)


def _wait_ended(processes: Iterable[Process], seconds: float) -> list[Process]:
    left = []
    deadline = time.monotonic() + seconds
    for process in processes:
        try:
            handle = os.pidfd_open(process.pid)
        except ProcessLookupError:
            continue
        try:
            # A zombie with threads that still end is waited for too: only then can it be collected.
            if process.exists and not select.select([handle], [], [], max(0.0, deadline - time.monotonic()))[0]:
                left.append(process)
        finally:
            os.close(handle)
        process.reap()
    return left


def end(processes: Iterable[Process], *, grace: float) -> None:
    """End them: SIGTERM to all, SIGKILL to those that run for `grace` seconds more; returns when they have ended."""
    asked = [process for process in processes if process.exists]
    for process in asked:
        process.signal(signal.SIGTERM)
        process.signal(signal.SIGCONT)
    stayed = _wait_ended(asked, grace)
    for process in stayed:
        process.signal(signal.SIGKILL)
    _wait_ended(stayed, 30)


def _ours() -> Iterator[tuple[int, bytes]]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                if entry.stat().st_uid == os.getuid():
                    yield int(entry.name), (entry / "environ").read_bytes()


def marked(directory: Path) -> list[Process]:
    """Every process of this user that was started for the directory, recorded or not."""
    wanted = f"{MARKER}={directory}".encode()
    found = [Process.of(pid) for pid, environment in _ours() if wanted in environment.split(b"\0")]
    return [process for process in found if process.alive]
