"""When the next attempt of a request is due."""

from edge_pacing.backoff import Backoff
from edge_processor.delivery.destination import DeliveryError
from edge_processor.sinks.http.errors import ConnectionFailedError

MAX_RECONNECT_SECONDS = 4.0
"""Maximum seconds between the begins of two attempts if the server cannot be reached."""

MIN_PAUSE_SECONDS = 0.1
"""Minimum seconds between the end of an attempt that failed and the next one."""

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

    def until(self, failure: DeliveryError, started: float, now: float) -> float:
        """Return when the next attempt is due.

        Args:
            failure: of the attempt.
            started: when it began; all times are seconds of the loop's clock.
            now: when it failed.
        """
        if isinstance(failure, ConnectionFailedError):
            return max(started + self._reconnect.next(), now + MIN_PAUSE_SECONDS)
        if failure.retry_after_seconds is not None:
            spread = Backoff(_RETRY_AFTER_SPREAD).next() * failure.retry_after_seconds
            return now + max(failure.retry_after_seconds + spread, MIN_PAUSE_SECONDS)
        return now + self._refused.next()

    def reset(self) -> None:
        """Begin with short pauses again."""
        self._reconnect.reset()
        self._refused.reset()
