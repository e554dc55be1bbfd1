"""Routes of commands to devices, which the gateway writes."""

import datetime as dt
from functools import partial
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict

from edge_service.problem import refuse
from edge_storage import commands
from edge_storage.request_body import read_body
from edge_storage.routes.answers import json
from edge_storage.store import Store
from edge_wire.messages.document import load_object
from edge_wire.store import CommandState

Id = Annotated[str, Path(max_length=128)]


class NewCommand(BaseModel):
    """The validated part of a command; all members are stored."""

    model_config = ConfigDict(extra="allow")

    state: CommandState


def commands_router(store: Store) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/v1/commands/{device_id}")

    @router.put("/{command_id}")
    async def put_command(device_id: Id, command_id: Id, request: Request) -> Response:
        body = load_object(await read_body(request))
        NewCommand.model_validate(body)
        now = dt.datetime.now(dt.UTC)
        work = partial(commands.put, device_id=device_id, command_id=command_id, body=body, now=now)
        return json(await store.write(work))

    @router.get("/{command_id}")
    async def get_command(device_id: Id, command_id: Id) -> Response:
        found = await store.read(partial(commands.get, device_id=device_id, command_id=command_id))
        if found is None:
            detail = f"device {device_id} has no command {command_id}: see GET /v1/commands/{device_id}"
            raise refuse(HTTPStatus.NOT_FOUND, "CommandNotFound", detail)
        return json(found)

    @router.get("")
    async def get_commands(device_id: Id, state: CommandState | None = None) -> Response:
        found = await store.read(partial(commands.of_device, device_id=device_id, state=state))
        return json({"commands": found})

    return router
