"""Waiting for an external daemon to answer: the only place of the harness that polls."""

import time
from collections.abc import Callable

INTERVAL = 0.05


def until(answers: Callable[[], bool], *, seconds: float, every: float = INTERVAL) -> bool:
    """Ask every so many seconds until the answer is yes, or `seconds` have passed.

    Returns:
        Whether it answered in time; the caller writes the error message if not.
    """
    deadline = time.monotonic() + seconds
    while not answers():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True
