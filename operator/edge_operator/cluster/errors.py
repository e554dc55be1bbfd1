"""Errors of requests to the API server."""

import math
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any


@dataclass(eq=False)
class ApiError(Exception):
    """The API server responded with an error.

    Attributes:
        code: HTTP status.
        reason: `reason` of the Status object, such as `Forbidden`.
        message: message of the API server.
        causes: `reason` of each cause in the Status.
        retry_after: seconds that the API server asks to wait, or None.
    """

    code: int
    reason: str
    message: str
    causes: tuple[str, ...] = ()
    retry_after: float | None = field(default=None)

    def __str__(self) -> str:
        """Return the message of the API server."""
        return self.message or f"{self.code} {self.reason}"

    @property
    def not_found(self) -> bool:
        """Whether the object, or its kind, does not exist."""
        return self.code == HTTPStatus.NOT_FOUND

    @property
    def conflict(self) -> bool:
        """Whether the object exists already, was replaced, or has changed since it was read."""
        return self.code == HTTPStatus.CONFLICT

    @property
    def gone(self) -> bool:
        """Whether the API server no longer has the resourceVersion of a watch or a list."""
        return self.code == HTTPStatus.GONE

    @property
    def throttled(self) -> bool:
        """Whether the API server rejected the request because there are too many."""
        return self.code == HTTPStatus.TOO_MANY_REQUESTS

    @property
    def internal(self) -> bool:
        """Whether the API server failed: among others, if it cannot call an admission webhook."""
        return self.code == HTTPStatus.INTERNAL_SERVER_ERROR

    @property
    def namespace_terminating(self) -> bool:
        """Whether the write was rejected because its namespace is being deleted."""
        return "NamespaceTerminating" in self.causes

    @property
    def refused(self) -> bool:
        """Whether the same request would be rejected again: validation, admission, quota, access."""
        return self.code in (400, 403, 405, 413, 415, 422)

    @classmethod
    def of(cls, code: int, body: Any, retry_after: str | None) -> "ApiError":
        """Return the error for a response of `code` with a parsed `body`."""
        status = _mapping(body)
        details = _mapping(status.get("details"))
        causes = details.get("causes")
        return cls(
            code=code,
            reason=str(status.get("reason", "")),
            message=str(status.get("message", "")),
            causes=tuple(str(_mapping(cause).get("reason", "")) for cause in causes if cause)
            if isinstance(causes, list)
            else (),
            retry_after=_seconds(retry_after) or _seconds(details.get("retryAfterSeconds")),
        )


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _seconds(value: Any) -> float | None:
    """Return the seconds to wait; None if there are none, or a date: API servers send no dates."""
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return seconds if seconds > 0 and math.isfinite(seconds) else None


class UnreachableError(Exception):
    """The API server could not be reached or did not respond in time: the result of the request is unknown."""


class NotLeaderError(Exception):
    """The write was not sent, because this process does not hold the lease."""
