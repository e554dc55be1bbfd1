"""Parses the `wait` parameter of a request. Pure."""

from http import HTTPStatus

from edge_service.problem import refuse
from edge_wire.goduration import parse_duration

MAX_WAIT_SECONDS = 60.0
"""A longer wait would exceed the timeouts of proxies and load balancers."""


def parse_wait(text: str | None) -> float:
    """Return the seconds that `?wait=` asks for; 0 without it.

    Raises:
        ProblemError: it is not a duration such as 5s, or it is too long.
    """
    if text is None:
        return 0.0
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        raise refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "InvalidWait", f"wait {error}", field="wait") from error
    if seconds > MAX_WAIT_SECONDS:
        detail = f"wait must be at most {MAX_WAIT_SECONDS:.0f}s: ask again to wait longer"
        raise refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "InvalidWait", detail, field="wait")
    return seconds
