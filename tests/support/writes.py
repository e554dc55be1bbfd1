"""What an operator wrote in one namespace, by the API server's audit log."""

import datetime as dt
import time
from collections import Counter
from itertools import pairwise

from e2e.cluster.audit import AuditCursor, AuditEvent
from edge_operator.control.apply.refusals import MIN_BACKOFF_SECONDS
from tests.support.processes import OPERATOR_USER, eventually


class OperatorWrites:
    """The writes of operators since the beginning of a test, or since `restart`.

    Args:
        audit: a place in the audit log.
        namespace: where the writes are counted; the lease is elsewhere.
    """

    def __init__(self, audit: AuditCursor, namespace: str) -> None:
        self._audit = audit
        self._namespace = namespace

    def restart(self) -> None:
        """Count from now on."""
        self._audit.advance()

    def all(self) -> list[AuditEvent]:
        """Return every write, refused ones and those to statuses and Events included."""
        return [event for event in self._audit.writes(user=OPERATOR_USER) if event.namespace == self._namespace]

    def to_children(self) -> Counter[str]:
        """Return how often each child was written, as `resource/name`; statuses and Events are not among."""
        told = ("edgesites", "edgedevices", "events")
        return Counter(_object(event) for event in self.all() if event.resource not in told)

    def seconds_after(self, cause: str, effect: str) -> float:
        """Return the seconds from the last write of a user to the operator's last one, by the API server's clock.

        Args:
            cause: what the user wrote, as `resource/name`; the time at which the request came counts.
            effect: what the operator wrote, in the same form; the time at which it was answered counts.
        """
        written = [event for event in self._audit.writes() if event.namespace == self._namespace and event.code < 300]
        ours = [event for event in written if event.user == OPERATOR_USER and _object(event) == effect]
        theirs = [event for event in written if not event.user.startswith("system:") and _object(event) == cause]
        assert ours, f"the operator has not written {effect}"
        assert theirs, f"no user has written {cause}"
        return _seconds_between(theirs[-1].received, ours[-1].reached)

    def pauses(self, child: str) -> list[float]:
        """Return the seconds between the operator's writes to a child (`resource/name`), refused ones included."""
        came = [event.received for event in self.all() if _object(event) == child]
        return [_seconds_between(*pair) for pair in pairwise(came)]

    def await_patience(self, child: str) -> None:
        """Return once a child's write that is refused was tried three times, with pauses that grow."""
        pauses: list[float] = eventually(
            f"three attempts at {child}", lambda: found if len(found := self.pauses(child)) >= 2 else None, 30
        )
        first, second, *_ = pauses
        assert first >= MIN_BACKOFF_SECONDS
        assert second >= 2 * MIN_BACKOFF_SECONDS

    def await_quiet(self, quiet_for: float = 1.0, seconds: float = 30.0) -> None:
        """Return once nothing was written for `quiet_for` seconds."""
        last, since = len(self.all()), time.monotonic()

        def quiet() -> bool:
            nonlocal last, since
            if (now := len(self.all())) != last:
                last, since = now, time.monotonic()
            return time.monotonic() - since >= quiet_for

        eventually(f"no write for {quiet_for} s", quiet, seconds, pause=0.2)


def _object(event: AuditEvent) -> str:
    return f"{event.resource}/{event.name}"


def _seconds_between(before: str, after: str) -> float:
    return (dt.datetime.fromisoformat(after) - dt.datetime.fromisoformat(before)).total_seconds()
