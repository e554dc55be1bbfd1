"""Whether a process that lets time go by for its devices did so in time, or did not listen meanwhile. Pure."""

TICK_SECONDS = 0.25
"""How often the time is let go by."""

LATE_SECONDS = 0.5
"""A tick that is later by so much lets go first what came meanwhile."""

MISSED_SECONDS = 1.0
"""A process that was later by so much did not listen: silence in that time means nothing."""


class Lateness:
    """Judges each tick by how much later it is than it was due.

    Attributes:
        missed_window: whether the process did not listen before the last one.
    """

    def __init__(self) -> None:
        self.missed_window = False
        self._skipped = False

    def skip_tick(self, late: float) -> bool:
        """Take a tick that is `late` seconds late; return whether it is left out, for what came meanwhile to be heard.

        No two in a row are: a process that is always late would let no time go by.
        """
        self.missed_window = late > MISSED_SECONDS
        self._skipped = late > LATE_SECONDS and not self._skipped
        return self._skipped
