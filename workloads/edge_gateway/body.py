"""What is wrong with a request's body, as a problem. Pure."""

from http import HTTPStatus

from edge_service.problem import ProblemError, refuse
from edge_wire.messages import MAX_PAYLOAD_BYTES, MalformedError

UNREADABLE = frozenset({"empty", "json", "utf8"})
"""Reasons of bodies that are not JSON at all."""

_TOO_LARGE = "too_large"


def malformed(error: MalformedError) -> ProblemError:
    """Return the error for a body that is not the message that its route takes."""
    if error.reason == _TOO_LARGE:
        return too_large()
    if error.reason in UNREADABLE:
        return refuse(HTTPStatus.BAD_REQUEST, "UnreadableBody", error.message, cause=error.reason)
    return refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "InvalidBody", error.message, cause=error.reason)


def too_large() -> ProblemError:
    """Return the error for a body that is larger than allowed."""
    detail = f"the body is larger than {MAX_PAYLOAD_BYTES // 1024} KiB: send it in several requests"
    return refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "BodyTooLarge", detail, limit_bytes=MAX_PAYLOAD_BYTES)
