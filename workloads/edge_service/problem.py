"""Errors of an HTTP interface as RFC 9457 `application/problem+json`, with a reason for programs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from edge_service.problem_document import MEDIA_TYPE, problem_document


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a request was refused.

    Attributes:
        status: HTTP status code.
        reason: short CamelCase name that programs may compare.
        detail: for people: which object, and what to do.
        headers: other headers of the answer.
        extra: other members of the answer.
    """

    status: int
    reason: str
    detail: str
    headers: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)

    def response(self) -> Response:
        """Return the answer."""
        body = problem_document(self.status, self.reason, self.detail, self.extra)
        return Response(orjson.dumps(body), self.status, dict(self.headers), MEDIA_TYPE)


class ProblemError(Exception):
    """Ends the handling of a request with a problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


def refuse(status: int, reason: str, detail: str, **extra: Any) -> ProblemError:
    """Return the error that answers `status` for `reason`."""
    return ProblemError(Problem(status, reason, detail, extra=extra))


Explain = Callable[[Request, Any], Problem]
"""Returns the problem that answers an error of a request."""


class Explanations:
    """The problems that answer errors of requests, by the class of the error.

    Args:
        own: for the errors of the program; `Exception` for all that have none.
    """

    def __init__(self, own: Mapping[type[Exception], Explain]) -> None:
        self._all = {**_COMMON, **own}

    def install(self, app: Starlette) -> None:
        """Make `app` answer errors as problems."""
        for kind, explain in self._all.items():
            app.add_exception_handler(kind, partial(_answer, explain))

    def explain(self, request: Request, error: Exception) -> tuple[Problem, bool]:
        """Return the problem that answers `error`, and whether the error is expected: if not, it must be logged.

        Raises:
            KeyError: there is none.
        """
        kind = next((kind for kind in type(error).__mro__ if kind in self._all), Exception)
        return self._all[kind](request, error), kind is not Exception


async def _answer(explain: Explain, request: Request, error: Exception) -> Response:
    return explain(request, error).response()


def _own(_: Request, error: ProblemError) -> Problem:
    return error.problem


def _disconnected(_: Request, __: ClientDisconnect) -> Problem:
    # Nobody reads this answer; without it the server would log the disconnect as a failure of ours.
    return Problem(HTTPStatus.BAD_REQUEST, "Disconnected", "the client disconnected before the request was complete")


_COMMON: dict[type[Exception], Explain] = {ProblemError: _own, ClientDisconnect: _disconnected}
