"""Work in forks of this process: a result of one, and an end with a time limit of many."""

import os
import pickle
import resource
import select
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

MEMORY_BYTES = 4 << 30
"""Of address space: an endless loop that also gathers things must not take the machine's memory."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What a fork may use.

    Attributes:
        cpu: seconds of CPU.
        wall: seconds from its start, for one that waits for ever.
    """

    cpu: float
    wall: float


def result_of(work: Callable[[], R]) -> R:
    """Run `work` in a fork and return its result.

    Raises:
        RuntimeError: it raised or ended otherwise; its traceback is on the standard error.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "result"

        def kept() -> int:
            path.write_bytes(pickle.dumps(work()))
            return 0

        pid = _fork(kept, None)
        _, status = os.waitpid(pid, 0)
        if not path.exists():
            raise RuntimeError(f"the fork ended with status {os.waitstatus_to_exitcode(status)} and no result")
        return pickle.loads(path.read_bytes())  # type: ignore[no-any-return]  # noqa: S301 - written by our own fork


def each(work: Iterable[tuple[T, Callable[[], int], Limit]], jobs: int) -> Iterator[tuple[T, int]]:
    """Run each work in a fork of its own, `jobs` at once; yield its name and how it ended, in the order of ends.

    The end is the exit status, or less than 0 for a signal: that of a limit that it went over, mostly.
    """
    running: dict[int, tuple[T, int, float]] = {}
    for name, call, limit in work:
        while len(running) >= jobs:
            yield from _ended(running)
        pid = _fork(call, limit)
        running[os.pidfd_open(pid)] = (name, pid, time.monotonic() + limit.wall)
    while running:
        yield from _ended(running)


def _ended(running: dict[int, tuple[T, int, float]]) -> Iterator[tuple[T, int]]:
    first = min(until for _, _, until in running.values())
    ready, _, _ = select.select(list(running), [], [], max(first - time.monotonic(), 0.0))
    if not ready:
        for _, pid, until in running.values():
            if until <= time.monotonic():
                os.kill(pid, signal.SIGKILL)
    for handle in ready:
        name, pid, _ = running.pop(handle)
        os.close(handle)
        yield name, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _fork(call: Callable[[], int], limit: Limit | None) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    status = 70
    try:
        if limit is not None:
            seconds = max(int(limit.cpu), 1)
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        status = call()
    except BaseException:  # noqa: BLE001 - the fork ends here, whatever happened
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
