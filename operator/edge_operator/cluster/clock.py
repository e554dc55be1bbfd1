"""The clock of the lease, which is monotonic and counts suspension, and the wall clock."""

import datetime as dt
import time


def boottime() -> float:
    """Return seconds since boot, suspension included.

    CLOCK_MONOTONIC stops while a virtual machine or a laptop sleeps, so a leader that slept would rely on an expired
    lease; CLOCK_BOOTTIME does not stop (Linux, clock_gettime(2)).
    """
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def wall_clock() -> dt.datetime:
    """Return the current time, for timestamps that are written but never compared."""
    return dt.datetime.now(dt.UTC)
