"""Ends this process when its parent ends, even by SIGKILL."""

import os
import select
import signal
from threading import Thread


def end_with_parent() -> None:
    """Watch the parent from a thread.

    The kernel's own tie (PR_SET_PDEATHSIG) is to the parent's thread, which may end long before the parent does.
    """
    parent = os.pidfd_open(os.getppid())
    Thread(target=_watch, args=(parent,), name="parent", daemon=True).start()


def _watch(parent: int) -> None:
    # Readable as soon as the process has ended: pidfd_open(2).
    select.select([parent], [], [])
    os.kill(os.getpid(), signal.SIGKILL)
