"""The errors of the store as `application/problem+json`."""

from functools import partial
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request

from edge_readings.rules import RulesError
from edge_service.head_requests import with_head
from edge_service.problem import Explain, Explanations, Problem
from edge_service.request_body import BodyTooLargeError
from edge_storage.request_body import BusyError
from edge_wire.messages import MalformedError
from edge_wire.store import FencedError, LeaseHeldError, StoreUnavailableError

RETRY = {"Retry-After": "1"}


def install(app: Starlette) -> None:
    """Make `app` answer every error as a problem."""
    Explanations(_EXPLANATIONS).install(app)


def _plain(status: int, reason: str, _: Request, error: Exception) -> Problem:
    return Problem(status, reason, str(error))


def _later(reason: str, _: Request, error: Exception) -> Problem:
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, reason, str(error), RETRY)


def _held(_: Request, error: LeaseHeldError) -> Problem:
    extra = {"holder": error.holder, "expires_in_seconds": error.expires_in_seconds}
    return Problem(HTTPStatus.CONFLICT, "LeaseHeld", str(error), extra=extra)


def _http(request: Request, error: HTTPException) -> Problem:
    reason = HTTPStatus(error.status_code).phrase.title().replace(" ", "")
    detail = f"{request.method} {request.url.path}: {error.detail}"
    return Problem(error.status_code, reason, detail, with_head(error.headers))


def _failed(request: Request, _: Exception) -> Problem:
    detail = f"{request.method} {request.url.path} failed: see the log"
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "InternalError", detail)


_MALFORMED = partial(_plain, HTTPStatus.UNPROCESSABLE_ENTITY, "Invalid")
_EXPLANATIONS: dict[type[Exception], Explain] = {
    MalformedError: _MALFORMED,
    RulesError: _MALFORMED,
    BodyTooLargeError: partial(_plain, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "TooLarge"),
    FencedError: partial(_plain, HTTPStatus.CONFLICT, FencedError.reason),
    BusyError: partial(_later, "Busy"),
    StoreUnavailableError: partial(_later, "StoreUnavailable"),
    LeaseHeldError: _held,
    HTTPException: _http,
    Exception: _failed,
}
