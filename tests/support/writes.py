"""What an operator wrote in one namespace, by the API server's audit log."""

import time
from collections import Counter

from e2e.cluster.audit import AuditCursor, AuditEvent
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
        return Counter(f"{event.resource}/{event.name}" for event in self.all() if event.resource not in told)

    def await_quiet(self, quiet_for: float = 1.0, seconds: float = 30.0) -> None:
        """Return once nothing was written for `quiet_for` seconds."""
        last, since = len(self.all()), time.monotonic()

        def quiet() -> bool:
            nonlocal last, since
            if (now := len(self.all())) != last:
                last, since = now, time.monotonic()
            return time.monotonic() - since >= quiet_for

        eventually(f"no write for {quiet_for} s", quiet, seconds, pause=0.2)
