"""When the next attempt of a request is due."""

from dataclasses import dataclass

from edge_pacing.backoff import Backoff
from edge_processor.sinks.cloud.https.failure import FailedError, ServerRefusedError

MAX_RECONNECT_SECONDS = 4.0
"""Maximum seconds between the begins of two attempts if the server cannot be reached."""

MIN_PAUSE_SECONDS = 0.1
"""Minimum seconds between the end of an attempt that failed and the next one."""

NEVER = float("-inf")
"""A time, in seconds, before all others."""

PROBE = "probe"
"""Name of the lane of the requests without lines."""

READING_LANES = frozenset({"live", "backlog"})
"""Names of the lanes of readings."""

_RETRY_AFTER_SPREAD = 0.1
"""Part of the pause that a server asks for by which it is extended at random: many sites received the same one."""


class Pauses:
    """Says when the next attempt is due: soon if the server cannot be reached, later if it refuses.

    Args:
        sync_interval: maximum seconds between two attempts.
    """

    def __init__(self, sync_interval: float) -> None:
        self._reconnect = Backoff(0.2, min(sync_interval, MAX_RECONNECT_SECONDS))
        self._refused = Backoff(0.5, sync_interval)

    def until(self, failure: FailedError, started: float, now: float) -> float:
        """Return when the next attempt is due.

        Args:
            failure: of the attempt.
            started: when it began; all times are seconds of the loop's clock.
            now: when it failed.
        """
        if isinstance(failure, ServerRefusedError):
            if failure.retry_after_seconds is not None:
                spread = Backoff(_RETRY_AFTER_SPREAD).next() * failure.retry_after_seconds
                return now + max(failure.retry_after_seconds + spread, MIN_PAUSE_SECONDS)
            return now + self._refused.next()
        return max(started + self._reconnect.next(), now + MIN_PAUSE_SECONDS)

    def reset(self) -> None:
        """Begin with short pauses again."""
        self._reconnect.reset()
        self._refused.reset()


@dataclass(eq=False, slots=True)
class LaneState:
    """What the link keeps of one lane. All times are seconds of the loop's clock.

    Attributes:
        name: of the lane.
        pauses: of this lane alone.
        succeeded_at: when its last attempt succeeded; negative infinity if it failed.
        failed_at: when its last attempt failed; negative infinity if it succeeded.
        not_before: when its next attempt is due, if only this lane fails; in seconds of that clock.
        error: why only this lane fails; empty if it does not.
    """

    name: str
    pauses: Pauses
    succeeded_at: float = NEVER
    failed_at: float = NEVER
    not_before: float = 0.0
    error: str = ""

    @property
    def is_probe(self) -> bool:
        """Whether its requests have no lines."""
        return self.name == PROBE

    @property
    def has_readings(self) -> bool:
        """Whether its requests have readings."""
        return self.name in READING_LANES
