"""Inputs of requests: ids, pages, bodies."""

import re
from http import HTTPStatus
from typing import Annotated, Any

import orjson
from fastapi import Depends, Path, Query, Request
from starlette.responses import Response

from edge_gateway.commands.request import COMMAND_ID
from edge_gateway.cursor import decode_cursor, encode_cursor
from edge_service import request_body
from edge_service.problem import refuse
from edge_wire.messages import MAX_PAYLOAD_BYTES

MAX_OFFSET = 2**63 - 1
"""The largest offset or id that the store can have."""

# Not as a constraint of FastAPI: its errors do not say what an id is.
_ID_SCHEMA: dict[str, Any] = {
    "pattern": r"^(?!\.{1,2}$)[A-Za-z0-9._-]+$",
    "minLength": 1,
    "maxLength": 64,
}

_DEVICE_ID = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,64}", re.ASCII)


def check_device_id(device_id: str) -> None:
    """Check a device id.

    Raises:
        ProblemError: it cannot be one (422).
    """
    if not _DEVICE_ID.fullmatch(device_id):
        detail = "a device id has 1 to 64 letters, digits, '.', '_' and '-', and is neither '.' nor '..'"
        raise refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "InvalidDeviceId", detail, field="device_id")


# Both are coroutines although they await nothing: FastAPI would run plain functions in a thread.
async def _device_id(
    device_id: Annotated[
        str, Path(description="Id of the device, as spec.deviceId of its EdgeDevice.", json_schema_extra=_ID_SCHEMA)
    ],
) -> str:
    check_device_id(device_id)
    return device_id


async def _command_id(
    command_id: Annotated[
        str, Path(description="As the request that sent the command was answered.", json_schema_extra=_ID_SCHEMA)
    ],
) -> str:
    if not COMMAND_ID.fullmatch(command_id):
        detail = "no command has this id: ids have 1 to 64 letters, digits, '.', '_' and '-'"
        raise refuse(HTTPStatus.NOT_FOUND, "CommandNotFound", detail)
    return command_id


DeviceId = Annotated[str, Depends(_device_id)]
CommandId = Annotated[str, Depends(_command_id)]
Limit = Annotated[int, Query(ge=1, le=1000, description="Maximum number.")]
Cursor = Annotated[str | None, Query(description="`next` of the previous page; omit it for the first page.")]
Wait = Annotated[str | None, Query(description="Time to wait, such as `5s`; at most `60s`.")]


def position(kind: str, cursor: str | None) -> str | None:
    """Return the position in a cursor of the list `kind`, None for the beginning.

    Raises:
        ProblemError: it is not such a cursor.
    """
    if cursor is None:
        return None
    try:
        return decode_cursor(kind, cursor)
    except ValueError as error:
        raise refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "InvalidCursor", str(error), field="cursor") from error


def offset(kind: str, cursor: str | None) -> int | None:
    """Return the offset or id in a cursor of the list `kind`, None for the beginning.

    Raises:
        ProblemError: it is not such a cursor.
    """
    text = position(kind, cursor)
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(MAX_OFFSET))):
        raise refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "InvalidCursor", "cursor names no position", field="cursor")
    return min(int(text), MAX_OFFSET)


def next_page(kind: str, last: int | str | None) -> str | None:
    """Return the cursor of a page; None if there is none.

    Args:
        kind: of the list.
        last: number of the last item of the page before (its offset or id), or its place as text; None if that is the
            last page.
    """
    return None if last is None else encode_cursor(kind, str(last))


async def read_body(request: Request) -> bytes:
    """Return the body of `request`.

    Raises:
        BodyTooLargeError: it has more than `MAX_PAYLOAD_BYTES`.
    """
    return await request_body.read_body(request, MAX_PAYLOAD_BYTES)


def answer(content: object, status: int = HTTPStatus.OK) -> Response:
    """Return a JSON response."""
    return Response(orjson.dumps(content), status, media_type="application/json")
