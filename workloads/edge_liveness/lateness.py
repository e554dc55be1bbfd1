"""Detects stalls of the event loop: late ticks are skipped; after a long stall, silence is not counted. Pure."""

TICK_SECONDS = 0.25
"""Seconds between two ticks."""

LATE_SECONDS = 0.5
"""A tick that is later by this many seconds is skipped, so that waiting messages are handled first."""

MISSED_SECONDS = 1.0
"""After a stall of this many seconds the process has missed messages: silence in that window means nothing."""


class Lateness:
    """Judges each tick by its delay.

    Attributes:
        missed_window: whether the process was stalled before the last tick.
    """

    def __init__(self) -> None:
        self.missed_window = False
        self._skipped = False

    def skip_tick(self, late: float) -> bool:
        """Return whether to skip a tick that is `late` seconds late: waiting messages are handled first.

        Never two in a row: otherwise a process that is always late would never tick.
        """
        self.missed_window = late > MISSED_SECONDS
        self._skipped = late > LATE_SECONDS and not self._skipped
        return self._skipped
