"""Parameters and bodies of requests, checked against a class that describes them; others are ignored."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from starlette.requests import Request

from edge_service.problem import ProblemError, refuse
from edge_storage.pages import NO_END
from edge_storage.request_body import MAX_BODY_BYTES, read_body
from edge_wire.messages.document import MAX_DEPTH, load_object

MAX_ITEMS = 1000
"""Maximum number of items that a request may ask for."""

MAX_LEVELS = MAX_DEPTH + 8
"""Maximum number of nested levels of a body: some contain a payload of a message a few levels down."""

Limit = Annotated[int, Meta(ge=1, le=MAX_ITEMS)]
"""Maximum number of items."""

Before = Annotated[int, Meta(ge=0, le=NO_END)]
"""Position of a page: the `next` of the previous page."""

Text = Annotated[str, Meta(max_length=256)]
"""A short text."""

SinkName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,62}\Z")]
"""Name of a sink."""

Id = Annotated[int, Meta(ge=0, le=NO_END)]
"""Id of a row."""


class SinkPath(Struct, frozen=True):
    """A path with the name of a sink."""

    name: SinkName


class Fenced(Struct, frozen=True):
    """The token of the ingester's lease in a body: without one a former ingester could change what a sink has done."""

    token: int


class FencedOffset(Fenced, frozen=True, kw_only=True):
    """Body with a position in the log `log_id`; empty in requests of earlier releases, which do not know it."""

    log_id: str = ""


StructT = TypeVar("StructT", bound=Struct)
ValueT = TypeVar("ValueT")

_FAULT = re.compile(r"(?P<fault>.*) - at `\$\.(?P<field>.*)`", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(?P<field>.*)`")


def of_query(request: Request, kind: type[StructT]) -> StructT:
    """Return the parameters in the query of `request`; of one that is given twice, the last.

    Raises:
        ProblemError: a parameter is wrong (422); the problem names it.
    """
    return _converted(dict(request.query_params), kind, "query.", strict=False)


def of_path(request: Request, kind: type[StructT]) -> StructT:
    """Return the parameters in the path of `request`.

    Raises:
        ProblemError: a parameter is wrong (422); the problem names it.
    """
    return _converted(request.path_params, kind, "path.", strict=False)


def of_document(document: Mapping[str, Any], kind: type[StructT]) -> StructT:
    """Return the fields of `kind` in a JSON object.

    Raises:
        ProblemError: a field is wrong or missing (422); the problem names it.
    """
    return _converted(document, kind, "", strict=True)


async def of_body(request: Request, kind: type[StructT]) -> StructT:
    """Return the fields of `kind` in the body of `request`.

    Raises:
        BodyTooLargeError: the body is too large.
        MalformedError: the body is not a JSON object.
        ProblemError: a field is wrong or missing (422); the problem names it.
    """
    return of_document(await object_of(request), kind)


async def object_of(request: Request) -> dict[str, Any]:
    """Return the JSON object in the body of `request`, which may contain payloads of messages.

    Raises:
        BodyTooLargeError: the body is too large.
        MalformedError: the body is not a JSON object.
    """
    return load_object(await read_body(request), MAX_BODY_BYTES, MAX_LEVELS)


def given(value: ValueT | UnsetType) -> ValueT | None:
    """Return the value of a parameter, None if it was not given.

    Such a parameter has no None in its type: its text `null` would be taken for one.
    """
    return None if value is UNSET else value


def _converted(found: Mapping[str, Any], kind: type[StructT], place: str, *, strict: bool) -> StructT:
    try:
        return msgspec.convert(found, kind, strict=strict)
    except msgspec.ValidationError as error:
        raise _invalid(place, str(error)) from None


def _invalid(place: str, message: str) -> ProblemError:
    if found := _FAULT.fullmatch(message):
        message = f"{place}{found['field']}: {found['fault']}"
    elif found := _MISSING.fullmatch(message):
        message = f"{place}{found['field']}: it is missing"
    return refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "Invalid", message)
