"""The deadlines of one connection: of requests, of responses, of its end. Pure: time is a parameter, in seconds."""

from dataclasses import dataclass, field
from enum import Enum, auto

from edge_service.serving.limits import ConnectionLimits


class Overdue(Enum):
    """What a client has not done in time."""

    HEAD = auto()
    """It has not sent the head of a request, or nothing at all."""
    BODY = auto()
    """It has not sent the body of a request."""
    READ = auto()
    """It has read nothing of its response, or of the data that were left when the connection was closed."""


@dataclass(slots=True)
class Deadlines:
    """The deadlines of a connection.

    Attributes:
        limits: of the server.
        now: time of the connect.
        has_begun: whether bytes of a request have arrived that is not complete.
    """

    limits: ConnectionLimits
    now: float
    has_begun: bool = False
    _missing: Overdue = field(default=Overdue.HEAD, init=False)
    _due: float | None = field(default=None, init=False)
    _unsent_bytes: int = field(default=0, init=False)
    _unsent_since: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self._wait_for(Overdue.HEAD, self.now)

    def received(self, now: float) -> None:
        """Record bytes of a request; the time for its head begins with the first of them."""
        self.has_begun = True
        if self._due is None:
            self._wait_for(Overdue.HEAD, now)

    def head_complete(self, now: float) -> None:
        """Record the end of a head: the body must follow."""
        self.has_begun = True
        self._wait_for(Overdue.BODY, now)

    def request_complete(self) -> None:
        """Record the end of a request."""
        self.has_begun = False
        self._due = None

    def overdue(self, now: float, unsent_bytes: int, *, is_closing: bool) -> Overdue | None:
        """Return what the client has not done in time; None if nothing.

        Args:
            now: the time.
            unsent_bytes: size of the data that wait for the client to read.
            is_closing: whether the connection has been closed, and waits for these data only.
        """
        if unsent_bytes != self._unsent_bytes or not unsent_bytes:
            self._unsent_bytes, self._unsent_since = unsent_bytes, now
        most_seconds = self.limits.closing_seconds if is_closing else self.limits.stalled_seconds
        if unsent_bytes and now - self._unsent_since >= most_seconds:
            return Overdue.READ
        return self._missing if self._due is not None and now >= self._due and not is_closing else None

    def _wait_for(self, what: Overdue, now: float) -> None:
        limit = self.limits.head_seconds if what is Overdue.HEAD else self.limits.body_seconds
        self._missing, self._due = what, now + limit
