"""The audit log as typed events: each request to the API server with its user and its outcome."""

import json
import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from e2e.cluster import wait
from e2e.cluster.controlplane import ControlPlane
from e2e.cluster.errors import HarnessError

WRITE_VERBS = frozenset({"create", "update", "patch", "delete", "deletecollection"})
FLUSH_SECONDS = 10.0
# Bytes; at level Metadata a line has about a thousand.
LONGEST_LINE = 1 << 16


@dataclass(frozen=True)
class AuditEvent:
    """One stage of one request; `code` is the HTTP status, 0 when there is none yet."""

    user: str
    verb: str
    resource: str
    subresource: str
    namespace: str
    name: str
    code: int
    stage: str
    user_agent: str
    uri: str
    # Both RFC 3339 with microseconds, by the API server's clock: when it came, and when this stage was reached.
    received: str
    reached: str

    @classmethod
    def parse(cls, line: bytes) -> Self:
        """An event from a line of the log."""
        event: dict[str, Any] = json.loads(line)
        target: dict[str, str] = event.get("objectRef", {})
        return cls(
            user=event.get("impersonatedUser", event["user"]).get("username", ""),
            verb=event["verb"],
            resource=target.get("resource", ""),
            subresource=target.get("subresource", ""),
            namespace=target.get("namespace", ""),
            name=target.get("name", ""),
            code=event.get("responseStatus", {}).get("code", 0),
            stage=event["stage"],
            user_agent=event.get("userAgent", ""),
            uri=event["requestURI"],
            received=event["requestReceivedTimestamp"],
            reached=event["stageTimestamp"],
        )

    @property
    def is_write(self) -> bool:
        """Whether the verb changes something; a denied or failed write is one too."""
        return self.verb in WRITE_VERBS


def read_from(log: Path, position: int) -> Iterator[tuple[AuditEvent, int]]:
    """The events after a position in bytes, each with the position behind it; a half-written line is left."""
    if not log.exists():
        return
    with log.open("rb") as file:
        file.seek(position)
        for line in file:
            if not line.endswith(b"\n"):
                return
            position += len(line)
            yield AuditEvent.parse(line), position


def _last_line_start(log: Path) -> int:
    if not log.exists():
        return 0
    with log.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        begin = file.seek(max(0, size - LONGEST_LINE))
        return begin + file.read().rfind(b"\n") + 1


class AuditCursor:
    """A place in the audit log; gives the requests that were answered after it.

    The API server writes a request's line before its answer ends, so a client with the answer finds the line.
    Requests of others that are under way count from the moment of their answer.
    """

    def __init__(self, log: Path, ask: Callable[[str], int]) -> None:
        """Start at the log's present end.

        Args:
            log: the API server's audit log.
            ask: makes a request with the user agent it is given and gives its HTTP status, 0 for no answer;
                its line marks the present.
        """
        self._log = log
        self._ask = ask
        self._position = _last_line_start(log)
        self.advance()

    @classmethod
    def of(cls, plane: ControlPlane) -> Self:
        """A cursor at the present end of this control plane's log.

        Raises:
            HarnessError: the API server does not answer.
        """
        requester = plane.requester
        return cls(plane.audit_log, lambda agent: requester.status("/version", user_agent=agent))

    def advance(self) -> None:
        """Move to the present: what was answered so far does not count any more.

        Raises:
            HarnessError: the API server does not answer.
        """
        self._position = self._read()[1]

    def events(self) -> tuple[AuditEvent, ...]:
        """The requests answered since the cursor's place until now; the place stays.

        Raises:
            HarnessError: the API server does not answer.
        """
        return tuple(event for event in self._read()[0] if event.stage == "ResponseComplete")

    def writes(self, *, user: str | None = None, resource: str | None = None) -> tuple[AuditEvent, ...]:
        """The writes among them, of one user or to one resource if given (`devices`, not `devices/status`).

        Raises:
            HarnessError: the API server does not answer.
        """
        return tuple(
            event
            for event in self.events()
            if event.is_write and user in (None, event.user) and resource in (None, event.resource)
        )

    def _read(self) -> tuple[list[AuditEvent], int]:
        marker = f"edge-harness-{uuid.uuid4()}"
        if not self._ask(marker):
            raise HarnessError(
                f"the API server does not answer, so the end of {self._log} is not known: start it first"
            )
        events: list[AuditEvent] = []
        position = self._position

        def seen() -> bool:
            nonlocal position
            for event, after in read_from(self._log, position):
                position = after
                if event.user_agent == marker:
                    return True
                events.append(event)
            return False

        if not wait.until(seen, seconds=FLUSH_SECONDS):
            raise HarnessError(f"{self._log} does not show a request that was answered: is it this API server's?")
        return events, position
