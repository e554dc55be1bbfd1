"""How long processes waited for a core: of a bound on time, what is the machine's and not theirs."""

from pathlib import Path

NANOSECONDS = 1e9


def run_delay(*pids: int) -> float:
    """Return how many seconds the threads of these processes have been runnable and not run, all together.

    The second field of /proc/<pid>/task/<tid>/schedstat (Linux, Documentation/scheduler/sched-stats.rst); 0 where the
    kernel does not count it, so that a bound is then at its strictest.
    """
    files = (path for pid in pids for path in Path(f"/proc/{pid}/task").glob("*/schedstat"))
    return sum(int(path.read_text().split()[1]) for path in files) / NANOSECONDS
