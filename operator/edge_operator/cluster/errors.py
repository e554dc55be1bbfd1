"""What can go wrong between the operator and the API server."""

import math
from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False)
class ApiError(Exception):
    """The API server answered with an error.

    Attributes:
        code: HTTP status.
        reason: `reason` of the Status object, such as `Forbidden`.
        message: what the server says, for people.
        causes: `reason` of each of the Status' causes.
        retry_after: seconds that the server asks to wait, or None.
    """

    code: int
    reason: str
    message: str
    causes: tuple[str, ...] = ()
    retry_after: float | None = field(default=None)

    def __str__(self) -> str:
        """Return the server's own words."""
        return self.message or f"{self.code} {self.reason}"

    @property
    def namespace_terminating(self) -> bool:
        """Whether the write was refused because its namespace is being deleted."""
        return "NamespaceTerminating" in self.causes

    @property
    def refused(self) -> bool:
        """Whether the same request would be refused again: validation, admission, quota, access."""
        return self.code in (400, 403, 405, 413, 415, 422)

    @classmethod
    def of(cls, code: int, body: Any, retry_after: str | None) -> "ApiError":
        """Return the error that a response of `code` with a parsed `body` stands for."""
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
    """Return the seconds to wait; None where none are given, or a date: API servers send no dates."""
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return seconds if seconds > 0 and math.isfinite(seconds) else None


class UnreachableError(Exception):
    """The API server could not be asked, or did not answer in time: nothing is known of the request."""


class NotLeaderError(Exception):
    """The write was not sent: this process does not hold the lease."""
