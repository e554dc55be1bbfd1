"""The clocks: that of the lease, never set back or forth and running while the machine is suspended; and people's."""

import datetime as dt
import time


def boottime() -> float:
    """Return seconds since boot, suspension included.

    CLOCK_MONOTONIC stands still while a virtual machine or a laptop sleeps, so a leader that slept would
    believe in its old lease; CLOCK_BOOTTIME does not (Linux, clock_gettime(2)).
    """
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def wall_clock() -> dt.datetime:
    """Return now, for people: it is written but never compared."""
    return dt.datetime.now(dt.UTC)
