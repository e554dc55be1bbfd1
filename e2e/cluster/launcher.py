"""Becomes a daemon: `launcher.py PARENT TIED RECORD PROGRAM ARGUMENT...` (run as a program, standard library only).

PARENT  the process that starts this one; if it has ended already, nothing is started.
TIED    1: the daemon is killed when the asking thread ends. The caller keeps that thread for as long.
RECORD  the file that gets `pid start-time boot-id`, before the daemon exists, so that a crash between
        start and record leaves no daemon without a record. Empty: none.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1


def _record(path: Path) -> None:
    started = Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(f"{os.getpid()} {started} {boot}\n")
    draft.replace(path)


def tie() -> bool:
    """Have the kernel kill this process when the thread that started it ends; return whether it will (prctl(2))."""
    done: int = ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    return done == 0


def main(arguments: list[str]) -> None:
    """Tie, record, and become the program; exits 1 if the parent has ended or the program cannot run."""
    parent, tied, record, *command = arguments
    if tied == "1" and not tie():
        sys.exit("prctl(PR_SET_PDEATHSIG) failed")
    # Asked after the tie: a parent that died before it would never send the signal.
    if os.getppid() != int(parent):
        sys.exit("the process that started this one is gone")
    if record:
        _record(Path(record))
    try:
        os.execv(command[0], command)  # noqa: S606
    except OSError as error:
        sys.exit(f"cannot run {command[0]}: {error.strerror}")


if __name__ == "__main__":
    main(sys.argv[1:])
