"""Messages that the broker does not take now: they are published again, and no reading is lost by a wrong setting."""

import asyncio
from collections.abc import Callable

from edge_pacing.backoff import Backoff

FAULTS_OF_MESSAGES = frozenset({0x90, 0x95, 0x99})
"""Reason codes about the message: topic name invalid, packet too large, payload format invalid. All others are about
the rights of the client, its quota, or the broker, and a correction of these is waited for."""

FIRST_SECONDS = 1.0


class Refusals:
    """Publishes again what the broker refuses for a reason outside of the message.

    Args:
        longest_seconds: maximum seconds between two attempts.
        changed: called when the first message is refused, and when none is refused any more.

    Attributes:
        reason: of the last refusal, for people; empty while none is refused.
    """

    def __init__(self, longest_seconds: float, changed: Callable[[], None]) -> None:
        self._backoff = Backoff(min(FIRST_SECONDS, longest_seconds), longest_seconds)
        self._changed = changed
        self._again: list[Callable[[], None]] = []
        self._unsettled: set[object] = set()
        self._timer: asyncio.TimerHandle | None = None
        self.reason = ""

    def refused(self, key: object, reason: str, again: Callable[[], None]) -> float:
        """Call `again` after a pause; return its seconds.

        Args:
            key: of the messages, until `settled`.
            reason: of the broker, for people.
            again: publishes them again.
        """
        loop = asyncio.get_running_loop()
        self._unsettled.add(key)
        self._again.append(again)
        if self._timer is None:
            self._timer = loop.call_later(self._backoff.next(), self._publish)
        self.reason = reason
        self._changed()
        return max(0.0, self._timer.when() - loop.time())

    def settled(self, key: object) -> None:
        """Record that messages are refused no more."""
        if key not in self._unsettled:
            return
        self._unsettled.discard(key)
        if not self._unsettled:
            self._backoff.reset()
            self.reason = ""
            self._changed()

    def _publish(self) -> None:
        self._timer = None
        again, self._again = self._again, []
        for each in again:
            each()
