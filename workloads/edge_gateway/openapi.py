"""Completes the OpenAPI document: every status that a route can answer, and errors as problems. Pure."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from edge_service.problem_document import MEDIA_TYPE

_TEXT = {"type": "string"}
_PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "An error, as RFC 9457. `reason` is for programs, `detail` for people. Some have other members.",
    "required": ["type", "title", "error", "status", "reason", "detail"],
    "properties": {
        "type": _TEXT,
        "title": _TEXT,
        "error": {"type": "string", "description": "The same as `title`."},
        "status": {"type": "integer"},
        "reason": {"type": "string", "pattern": "^[A-Z][A-Za-z]*$"},
        "detail": _TEXT,
        "field": _TEXT,
    },
}
_CONTENT = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
_PROBES = ("/health", "/ready", "/metrics")

_DESCRIPTIONS = {
    HTTPStatus.BAD_REQUEST: "The body is not JSON, or not what its Content-Encoding says.",
    HTTPStatus.UNAUTHORIZED: "The credentials are missing or wrong.",
    HTTPStatus.FORBIDDEN: "The sender may not use this route, or shows a password without TLS.",
    HTTPStatus.NOT_FOUND: "There is no such device, command or dead letter.",
    HTTPStatus.REQUEST_TIMEOUT: "The request did not arrive in time.",
    HTTPStatus.CONFLICT: "It contradicts what is stored.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The Content-Encoding is neither identity nor gzip.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "A parameter or the body is wrong; `field` names it.",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many wrong passwords.",
    HTTPStatus.BAD_GATEWAY: "The store refuses the request.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The store or the broker cannot be reached, or there are too many connections.",
    HTTPStatus.GATEWAY_TIMEOUT: "The device has not answered in time.",
}


def complete(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document of the routes with all their answers; the given one is changed."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if path in _PROBES:
                operation["responses"] = _answers_of_probe(path)
                continue
            answers = operation["responses"]
            for status in _errors(path, method, operation):
                answers[str(int(status))] = {"description": _DESCRIPTIONS[status], "content": _CONTENT}
            operation["responses"] = dict(sorted(answers.items()))
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    # FastAPI's own errors, which are answered as problems.
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = _PROBLEM
    return document


def _errors(path: str, method: str, operation: dict[str, Any]) -> Iterator[HTTPStatus]:
    yield from (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE)
    if operation.get("parameters"):
        yield HTTPStatus.UNPROCESSABLE_ENTITY
    if "{" in path:
        yield HTTPStatus.NOT_FOUND
    if any("Device password" in way for way in operation.get("security", ())):
        yield HTTPStatus.TOO_MANY_REQUESTS
    if "requestBody" in operation:
        yield from (
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.REQUEST_TIMEOUT,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        )
    if path.endswith("/command"):
        yield from (HTTPStatus.CONFLICT, HTTPStatus.GATEWAY_TIMEOUT)
    if path.endswith("/resend") or (path.endswith("{number}") and method == "delete"):
        yield HTTPStatus.CONFLICT


def _answers_of_probe(path: str) -> dict[str, Any]:
    if path == "/metrics":
        return {"200": {"description": "Metrics.", "content": {"text/plain": {"schema": _TEXT}}}}
    schema = {"type": "object", "required": ["status"], "properties": {"status": _TEXT}}
    content = {"application/json": {"schema": schema}}
    return {
        "200": {"description": "It is.", "content": content},
        "503": {"description": "It is not; the body has the reasons.", "content": content},
    }
