"""What is answered instead of a result: `application/problem+json`, with a reason for programs."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from edge_readings.rules import RulesError
from edge_storage.body import BusyError, TooLargeError
from edge_storage.database.errors import StoreUnavailableError
from edge_storage.ingest.request import BadRequestError
from edge_storage.lease import FencedError, LeaseHeldError
from edge_wire.messages import MalformedError

MEDIA_TYPE = "application/problem+json"
RETRY = {"Retry-After": "1"}

_KNOWN: Mapping[type[Exception], tuple[int, str, Mapping[str, str]]] = {
    BadRequestError: (HTTPStatus.UNPROCESSABLE_ENTITY, "Invalid", {}),
    MalformedError: (HTTPStatus.UNPROCESSABLE_ENTITY, "Invalid", {}),
    RulesError: (HTTPStatus.UNPROCESSABLE_ENTITY, "Invalid", {}),
    TooLargeError: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "TooLarge", {}),
    FencedError: (HTTPStatus.CONFLICT, "Fenced", {}),
    BusyError: (HTTPStatus.SERVICE_UNAVAILABLE, "Busy", RETRY),
    StoreUnavailableError: (HTTPStatus.SERVICE_UNAVAILABLE, "StoreUnavailable", RETRY),
    # Nobody is there to read the answer; without it the server would log the disconnect as a failure of ours.
    ClientDisconnect: (HTTPStatus.BAD_REQUEST, "Disconnected", {}),
}


def problem(status: int, reason: str, detail: str, headers: Mapping[str, str] | None = None, **extra: Any) -> Response:
    """Return the answer that says why there is no other."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "reason": reason}
    return Response(orjson.dumps({**body, "detail": detail, **extra}), status, dict(headers or {}), MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Have `app` answer every error as a problem."""
    for kind in _KNOWN:
        app.add_exception_handler(kind, _known)
    app.add_exception_handler(LeaseHeldError, _held)
    app.add_exception_handler(ValidationError, _invalid)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _failed)


async def _known(_: Request, error: Exception) -> Response:
    status, reason, headers = _KNOWN[type(error)]
    return problem(status, reason, str(error), headers)


async def _held(_: Request, error: Exception) -> Response:
    if not isinstance(error, LeaseHeldError):
        raise error
    return problem(
        HTTPStatus.CONFLICT,
        "LeaseHeld",
        str(error),
        holder=error.holder,
        expires_in_seconds=error.expires_in_seconds,
    )


async def _invalid(_: Request, error: Exception) -> Response:
    if not isinstance(error, ValidationError | RequestValidationError):
        raise error
    faults = [f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in error.errors()]
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "Invalid", "; ".join(faults))


async def _http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    reason = HTTPStatus(error.status_code).phrase.title().replace(" ", "")
    detail = f"{request.method} {request.url.path}: {error.detail}"
    return problem(error.status_code, reason, detail, error.headers)


async def _failed(request: Request, _: Exception) -> Response:
    detail = f"{request.method} {request.url.path} failed: see the log"
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "InternalError", detail)
