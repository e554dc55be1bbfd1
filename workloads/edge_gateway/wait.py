"""Reads how long a request wants to wait. Pure."""

from http import HTTPStatus

from edge_service.problem import refuse
from edge_wire.goduration import parse_duration

LONGEST_SECONDS = 60.0
"""Longer would meet the time limits of proxies and load balancers on the way."""


def parse_wait(text: str | None) -> float:
    """Return the seconds that `?wait=` asks for; 0 without it.

    Raises:
        ProblemError: it is no duration such as 5s, or too long a one.
    """
    if text is None:
        return 0.0
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        raise refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "InvalidWait", f"wait {error}", field="wait") from error
    if seconds > LONGEST_SECONDS:
        detail = f"wait must be at most {LONGEST_SECONDS:.0f}s: ask again to wait longer"
        raise refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "InvalidWait", detail, field="wait")
    return seconds
