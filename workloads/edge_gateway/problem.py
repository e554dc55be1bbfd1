"""What the gateway answers when it cannot do what was asked: RFC 9457 `application/problem+json`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import orjson
from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 2
"""How long a sender should wait before it tries again where the broker or the store is away."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a request was refused.

    Attributes:
        status: HTTP status code.
        reason: short CamelCase name that programs may compare.
        detail: for people: which object, and what to do.
        headers: further headers of the answer.
        extra: further members of the answer.
    """

    status: int
    reason: str
    detail: str
    headers: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)

    def response(self) -> Response:
        """Return the answer."""
        body = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "reason": self.reason,
            "detail": self.detail,
            **self.extra,
        }
        return Response(orjson.dumps(body), self.status, dict(self.headers), MEDIA_TYPE)


class ProblemError(Exception):
    """Ends the handling of a request with a problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


def refuse(status: int, reason: str, detail: str, **extra: Any) -> ProblemError:
    """Return the error that answers `status` for `reason`."""
    return ProblemError(Problem(status, reason, detail, extra=extra))


def unknown_device(device_id: str) -> ProblemError:
    """Return the error for a device that nobody has told the gateway of."""
    return refuse(
        HTTPStatus.NOT_FOUND,
        "DeviceNotFound",
        f"device {device_id} is unknown at this site: create an EdgeDevice with this id, or POST its status first",
    )


def away(reason: str, detail: str, *, retry_seconds: int = RETRY_SECONDS) -> ProblemError:
    """Return the error for something that the gateway needs and cannot reach now."""
    headers = {"Retry-After": str(retry_seconds)}
    return ProblemError(Problem(HTTPStatus.SERVICE_UNAVAILABLE, reason, detail, headers))
