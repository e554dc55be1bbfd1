"""Routes of commands to devices, which the gateway writes."""

import datetime as dt
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any

from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from edge_service.problem import refuse
from edge_service.route import route
from edge_storage import commands
from edge_storage.routes.answers import json
from edge_storage.routes.parameters import MAX_ITEMS, object_of, of_body, of_document, of_path, of_query
from edge_storage.store import Store
from edge_wire.messages import CommandAck
from edge_wire.store import CommandState

Id = Annotated[str, Meta(max_length=128)]
Change = Callable[..., dict[str, Any]]
"""`commands.put` or `commands.create`."""


class DevicePath(Struct, frozen=True):
    """The path of a device's commands."""

    device_id: Id


class CommandPath(Struct, frozen=True):
    """The path of a command."""

    device_id: Id
    command_id: Id


class CommandsQuery(Struct, frozen=True):
    """Parameters of a device's commands."""

    state: str | None = None


class NewCommand(Struct, frozen=True):
    """The validated part of a command; all members are stored."""

    state: str


class NewAck(Struct, frozen=True):
    """An answer of a device to a command."""

    device_id: Id
    command_id: Annotated[str, Meta(min_length=1)]
    status: Annotated[str, Meta(min_length=1)]
    result: Any = None

    @property
    def message(self) -> CommandAck:
        """The message of the device."""
        return CommandAck(self.command_id, self.status, self.result)


class NewAcks(Struct, frozen=True):
    """Body with answers of devices."""

    acks: Annotated[list[NewAck], Meta(max_length=MAX_ITEMS)]


def commands_routes(store: Store) -> list[Route]:
    """Return the routes."""

    async def written(request: Request, change: Change) -> Response:
        where = of_path(request, CommandPath)
        body = await object_of(request)
        _state(of_document(body, NewCommand).state, "state")
        now = dt.datetime.now(dt.UTC)
        work = partial(change, device_id=where.device_id, command_id=where.command_id, body=body, now=now)
        return json(await store.write(work))

    async def put_command(request: Request) -> Response:
        return await written(request, commands.put)

    async def create_command(request: Request) -> Response:
        return await written(request, commands.create)

    async def get_command(request: Request) -> Response:
        where = of_path(request, CommandPath)
        found = await store.read(partial(commands.get, device_id=where.device_id, command_id=where.command_id))
        if found is None:
            device_id = where.device_id
            detail = f"device {device_id} has no command {where.command_id}: see GET /v1/commands/{device_id}"
            raise refuse(HTTPStatus.NOT_FOUND, "CommandNotFound", detail)
        return json(found)

    async def get_commands(request: Request) -> Response:
        device_id = of_path(request, DevicePath).device_id
        asked = of_query(request, CommandsQuery)
        state = None if asked.state is None else _state(asked.state, "query.state")
        found = await store.read(partial(commands.of_device, device_id=device_id, state=state))
        return json({"commands": found})

    async def post_acks(request: Request) -> Response:
        given = (await of_body(request, NewAcks)).acks
        return json(await store.write(partial(_acknowledge, acks=given, now=dt.datetime.now(dt.UTC))))

    return [
        route("POST", "/v1/acks", post_acks),
        route("PUT", "/v1/commands/{device_id}/{command_id}", put_command),
        route("POST", "/v1/commands/{device_id}/{command_id}", create_command),
        route("GET", "/v1/commands/{device_id}/{command_id}", get_command),
        route("GET", "/v1/commands/{device_id}", get_commands),
    ]


def _acknowledge(connection: sqlite3.Connection, acks: Sequence[NewAck], now: dt.datetime) -> dict[str, Any]:
    stored, unknown = 0, []
    for index, ack in enumerate(acks):
        try:
            stored += commands.acknowledge(connection, ack.device_id, ack.message, now)
        except LookupError:
            unknown.append(index)
    return {"stored": stored, "unknown": unknown}


def _state(text: str, field: str) -> CommandState:
    try:
        return CommandState(text)
    except ValueError:
        detail = f"{field}: must be {', '.join(CommandState)}, not {text!r}"
        raise refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "Invalid", detail) from None
