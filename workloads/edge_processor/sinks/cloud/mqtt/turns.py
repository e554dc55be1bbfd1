"""Two lanes of messages over one session: each gets its turn, however much the other one has to send."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from edge_mqtt5 import Bulk
from edge_processor.delivery.destination import LaneName

Message = tuple[bytes, bytes]
"""A topic in UTF-8, and a payload."""

PublishMany = Callable[[Sequence[Message], Callable[[Bulk], None]], Bulk]

SHARE = 2
"""A lane sends at most this fraction of the window at a time: one in two."""

REFILL_SHARE = 4
"""The window is filled again when this fraction of it is free: one in four. Otherwise each acknowledgement would send a
message of its own."""


@dataclass(slots=True, eq=False)
class Job:
    """Messages of one call.

    Attributes:
        messages: in their order.
        done: called with the reason codes of refused messages by their index, when all messages are acknowledged.
        sent: number of messages that the session has.
        confirmed: number of messages that are acknowledged.
        refused: by index, the reason code of each refused message.
    """

    messages: Sequence[Message]
    done: Callable[[dict[int, int]], None]
    sent: int = 0
    confirmed: int = 0
    refused: dict[int, int] = field(default_factory=dict)


class Turns:
    """Passes messages to a session, the lanes in turn.

    A session sends in the order of the calls. A backlog of a thousand messages, to a broker that accepts 20
    unacknowledged ones over a slow link, would delay a live reading by many seconds. So the session gets only what fits
    into the broker's window, in parts of half of it: a live message waits for about one round trip.

    Args:
        publish_many: of the session.
        window_messages: returns the number of messages that may be unacknowledged; at least 1.
    """

    def __init__(self, publish_many: PublishMany, window_messages: Callable[[], int]) -> None:
        self._publish_many = publish_many
        self._window_messages = window_messages
        self._unsent: dict[LaneName, deque[Job]] = {"live": deque(), "backlog": deque()}
        self._unconfirmed = 0
        self._next: LaneName = "live"

    def send(self, lane: LaneName, messages: Sequence[Message], done: Callable[[dict[int, int]], None]) -> None:
        """Send one or more messages behind those of earlier calls for the same lane; `done` as in `Job`."""
        self._unsent[lane].append(Job(messages, done))
        self._fill()

    def _fill(self) -> None:
        window = self._window_messages()
        most = max(1, window // SHARE)
        while self._unconfirmed < window and (lane := self._lane()):
            job = self._unsent[lane][0]
            part = job.messages[job.sent : job.sent + min(most, window - self._unconfirmed)]
            first, job.sent = job.sent, job.sent + len(part)
            if job.sent == len(job.messages):
                self._unsent[lane].popleft()
            self._unconfirmed += len(part)
            self._publish(job, first, part)

    def _lane(self) -> LaneName | None:
        """Return the lane that sends now; None if none has anything to send."""
        other: LaneName = "backlog" if self._next == "live" else "live"
        lane = self._next if self._unsent[self._next] else other
        if not self._unsent[lane]:
            return None
        self._next = "backlog" if lane == "live" else "live"
        return lane

    def _publish(self, job: Job, first: int, part: Sequence[Message]) -> None:
        counted = 0

        def moved(bulk: Bulk) -> None:
            nonlocal counted
            self._unconfirmed -= bulk.confirmed - counted
            job.confirmed += bulk.confirmed - counted
            counted = bulk.confirmed
            if bulk.is_complete:
                job.refused |= {first + index: reason for index, reason in bulk.refused.items()}
            if job.confirmed == len(job.messages):
                job.done(job.refused)
            window = self._window_messages()
            if window - self._unconfirmed >= max(1, window // REFILL_SHARE):
                self._fill()

        self._publish_many(part, moved)
