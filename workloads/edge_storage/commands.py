"""Commands to devices, written by the gateway, so that any of its replicas can answer for any command."""

import datetime as dt
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from edge_storage.pages import paginate
from edge_storage.timestamps import from_milliseconds, to_milliseconds
from edge_wire.messages import CommandAck, format_timestamp
from edge_wire.store import FINAL_STATES, CommandState

MAX_COMMANDS = 1000
"""Maximum number of commands in an answer: the newest of the device."""

_COLUMNS = frozenset({"device_id", "command_id", "updated_at"})
"""Members of a command that are not in its body."""

_FINAL = ", ".join(f"'{state}'" for state in sorted(FINAL_STATES))
_PUT = f"""
INSERT INTO command (device_id, command_id, state, updated_at, body) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (device_id, command_id)
DO UPDATE SET state = excluded.state, updated_at = excluded.updated_at, body = excluded.body
WHERE json_extract(body, '$.status') IS NULL AND (state NOT IN ({_FINAL}) OR excluded.state IN ({_FINAL}))
"""  # noqa: S608 - the states are constants
_CREATE = """
INSERT INTO command (device_id, command_id, state, updated_at, body) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (device_id, command_id) DO NOTHING
"""
_OF_DEVICE = """
SELECT device_id, command_id, updated_at, body FROM command
WHERE device_id = :device_id ORDER BY id DESC LIMIT :most
"""
_OF_DEVICE_IN_STATE = """
SELECT device_id, command_id, updated_at, body FROM command
WHERE device_id = :device_id AND state = :state ORDER BY id DESC LIMIT :most
"""


def put(
    connection: sqlite3.Connection, device_id: str, command_id: str, body: Mapping[str, Any], now: dt.datetime
) -> dict[str, Any]:
    """Store a command and return it as stored.

    An open state never replaces a final one: a slower replica may write later that the command was sent. Nothing
    replaces an answer of the device, which is a `status` that is not null: the first one stands.

    Args:
        connection: in a transaction.
        device_id: the recipient.
        command_id: of the command.
        body: the command with its `state`, a `CommandState`.
        now: time of the change (aware).
    """
    return _write(_PUT, connection, device_id, command_id, body, now)


def create(
    connection: sqlite3.Connection, device_id: str, command_id: str, body: Mapping[str, Any], now: dt.datetime
) -> dict[str, Any]:
    """Store a command unless there is one with this id, and return the stored one.

    The arguments are those of `put`.
    """
    return _write(_CREATE, connection, device_id, command_id, body, now)


def get(connection: sqlite3.Connection, device_id: str, command_id: str) -> dict[str, Any] | None:
    """Return a command; None if there is none."""
    row = connection.execute(
        "SELECT device_id, command_id, updated_at, body FROM command WHERE device_id = ? AND command_id = ?",
        (device_id, command_id),
    ).fetchone()
    return _command(*row) if row else None


def of_device(connection: sqlite3.Connection, device_id: str, state: CommandState | None) -> Sequence[orjson.Fragment]:
    """Return the commands of a device, those of one state or all, oldest first."""
    query = _OF_DEVICE if state is None else _OF_DEVICE_IN_STATE
    rows = connection.execute(query, {"device_id": device_id, "state": state, "most": MAX_COMMANDS})
    newest = paginate(((0, orjson.dumps(_command(*row))) for row in rows), MAX_COMMANDS)
    return newest.items[::-1]


def acknowledge(connection: sqlite3.Connection, device_id: str, ack: CommandAck, now: dt.datetime) -> bool:
    """Store an answer of a device, unless the command has one; return whether it is stored now.

    Args:
        connection: in a transaction.
        device_id: the sender.
        ack: its answer.
        now: time of the change (aware).

    Raises:
        LookupError: there is no such command.
    """
    command = get(connection, device_id, ack.command_id)
    if command is None:
        raise LookupError(f"device {device_id} has no command {ack.command_id}")
    if command.get("status") is not None:
        return False
    state = CommandState.FAILED if ack.is_failure else CommandState.ACKED
    put(connection, device_id, ack.command_id, _body(command, state, ack), now)
    return True


def _body(command: Mapping[str, Any], state: CommandState, ack: CommandAck) -> dict[str, Any]:
    stored = {name: value for name, value in command.items() if name not in _COLUMNS}
    return stored | {"state": state.value, "status": ack.status, "result": ack.result}


def _write(
    statement: str,
    connection: sqlite3.Connection,
    device_id: str,
    command_id: str,
    body: Mapping[str, Any],
    now: dt.datetime,
) -> dict[str, Any]:
    row = (device_id, command_id, body["state"], to_milliseconds(now), orjson.dumps(body).decode())
    connection.execute(statement, row)
    kept = get(connection, device_id, command_id)
    if kept is None:
        raise LookupError(f"command {command_id} of device {device_id} is gone within its own transaction")
    return kept


def _command(device_id: str, command_id: str, updated_at: int, body: str) -> dict[str, Any]:
    return {
        **orjson.loads(body),
        "device_id": device_id,
        "command_id": command_id,
        "updated_at": format_timestamp(from_milliseconds(updated_at)),
    }
