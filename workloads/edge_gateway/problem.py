"""Problems that several parts of the gateway answer."""

from http import HTTPStatus

from edge_service.problem import Problem, ProblemError, refuse

RETRY_SECONDS = 2
"""Seconds that a sender should wait before it tries again if the broker or the store is unavailable."""


def unknown_device(device_id: str) -> ProblemError:
    """Return the error for an unknown device."""
    return refuse(
        HTTPStatus.NOT_FOUND,
        "DeviceNotFound",
        f"device {device_id} is unknown at this site: create an EdgeDevice with this id, or POST its status first",
    )


def unavailable(reason: str, detail: str, *, retry_seconds: int = RETRY_SECONDS) -> ProblemError:
    """Return the error for something that the gateway needs and cannot reach now."""
    headers = {"Retry-After": str(retry_seconds)}
    return ProblemError(Problem(HTTPStatus.SERVICE_UNAVAILABLE, reason, detail, headers))
