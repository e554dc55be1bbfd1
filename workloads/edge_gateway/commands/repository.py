"""Commands in the store, so that any replica can answer for any command."""

import asyncio
import datetime as dt
import uuid
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from edge_gateway.auth.actor import Actor
from edge_gateway.commands.record import CommandRecord
from edge_gateway.store_errors import translated
from edge_service.store import StoreClient, StoreRefusedError
from edge_wire.messages import Command, format_timestamp, parse_timestamp
from edge_wire.store import OPEN_STATES, CommandState

_ATTEMPT = "attempt"
"""Member of a stored command: random, differs between two requests that create the same command."""


class CommandRepository:
    """Reads and writes commands.

    Args:
        store: keeps them.
    """

    def __init__(self, store: StoreClient) -> None:
        self._store = store

    async def put(self, record: CommandRecord) -> CommandRecord:
        """Store a command; return it as stored: a final state is never replaced by an open one.

        Raises:
            ProblemError: the store is unavailable.
        """
        command_id = record.command.command_id
        with translated():
            kept = await self._store.put_command(record.device_id, command_id, to_document(record))
        return from_document(record.device_id, {**kept, "command_id": command_id})

    async def create(self, record: CommandRecord) -> tuple[CommandRecord, bool]:
        """Store a command unless there is one with this id; return the stored one, and whether it is this one.

        Raises:
            ProblemError: the store is unavailable.
        """
        command_id, attempt = record.command.command_id, uuid.uuid4().hex
        document = to_document(record) | {_ATTEMPT: attempt}
        with translated():
            kept = await self._store.create_command(record.device_id, command_id, document)
        # The client may have sent the request twice: the answer to the second one does not show who has stored it.
        return from_document(record.device_id, {**kept, "command_id": command_id}), kept.get(_ATTEMPT) == attempt

    async def get(self, device_id: str, command_id: str) -> CommandRecord | None:
        """Return a command, None if there is none.

        Raises:
            ProblemError: the store is unavailable.
        """
        try:
            with translated():
                found = await self._store.command(device_id, command_id)
        except StoreRefusedError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise
        return from_document(device_id, {**found, "command_id": command_id})

    async def unanswered(self, device_id: str) -> list[CommandRecord]:
        """Return the commands that a device has not acknowledged, oldest first, including expired ones.

        Raises:
            ProblemError: the store is unavailable.
        """
        with translated():
            found = await asyncio.gather(*(self._store.commands(device_id, state.value) for state in OPEN_STATES))
        records = [from_document(device_id, each) for some in found for each in some]
        return sorted(records, key=lambda record: record.created_at)

    async def has_fetchable(self, device_id: str) -> bool:
        """Return whether there is a command that the device must fetch: cheaper than to read all.

        Raises:
            ProblemError: the store is unavailable.
        """
        with translated():
            return bool(await self._store.commands(device_id, CommandState.NO_SESSION.value))


def to_document(record: CommandRecord) -> dict[str, Any]:
    """Return a command as a document of the store."""
    command = record.command
    return {
        "body": command.body,
        "created_at": format_timestamp(record.created_at),
        "expires_at": format_timestamp(command.expires_at),
        "state": record.state.value,
        "status": record.status,
        "result": record.result,
        "actor": record.actor.value,
    }


def from_document(device_id: str, document: Mapping[str, Any]) -> CommandRecord:
    """Return a command from a document of the store.

    Raises:
        ValueError: the document is not of this release.
    """
    try:
        return CommandRecord(
            device_id,
            Command(document["command_id"], _moment(document["expires_at"]), _body(document)),
            _moment(document["created_at"]),
            CommandState(document["state"]),
            document["status"],
            document["result"],
            # Commands of an older release have none.
            Actor(document.get("actor", Actor.API_TOKEN)),
        )
    except (KeyError, ValueError) as error:
        named = str(document.get("command_id"))
        raise ValueError(
            f"the store keeps command {named} of device {device_id} as another release: {error}"
        ) from error


def _body(document: Mapping[str, Any]) -> Mapping[str, Any]:
    if "body" in document:
        body: Mapping[str, Any] = document["body"]
        return body
    # Older releases stored the parts of a command, and empty `params` for one without them.
    params = {"params": document["params"]} if document["params"] else {}
    return {"command": document["command"], **params, **document["extra"]}


def _moment(text: Any) -> dt.datetime:
    moment = parse_timestamp(text)
    if moment is None:
        raise ValueError(f"{text!r} is not a time")
    return moment
