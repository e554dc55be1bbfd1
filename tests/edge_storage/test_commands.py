"""Commands are kept as the gateway writes them, and do not rise from the dead."""

import datetime as dt
import sqlite3
from typing import Any

import orjson
import pytest

from edge_storage import commands
from edge_wire.messages import CommandAck
from edge_wire.store import CommandState

NOON = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)


def _put(connection: sqlite3.Connection, state: str, command_id: str = "c1", **fields: Any) -> dict[str, Any]:
    return commands.put(connection, "pump-1", command_id, {"command": "open", "state": state} | fields, NOON)


def test_a_command_is_kept_whole(connection: sqlite3.Connection) -> None:
    kept = _put(connection, "Queued", params={"to": 5}, expires_at="2026-01-31T12:05:00.000Z", result=None)

    assert kept == commands.get(connection, "pump-1", "c1")
    assert kept == {
        "device_id": "pump-1",
        "command_id": "c1",
        "command": "open",
        "params": {"to": 5},
        "state": "Queued",
        "expires_at": "2026-01-31T12:05:00.000Z",
        "result": None,
        "updated_at": "2026-01-31T12:00:00.000Z",
    }


FINAL = ("Acked", "Failed", "Expired")


@pytest.mark.parametrize("before", CommandState)
@pytest.mark.parametrize("after", CommandState)
def test_only_an_end_follows_an_end(connection: sqlite3.Connection, before: str, after: str) -> None:
    _put(connection, before)

    kept = _put(connection, after)

    assert kept["state"] == (before if before in FINAL and after not in FINAL else after)


@pytest.mark.parametrize("after", CommandState)
@pytest.mark.parametrize("status", [None, "failed"])
def test_nothing_replaces_an_answer_of_the_device(
    connection: sqlite3.Connection, after: str, status: str | None
) -> None:
    answered = _put(connection, "Acked", status="ok", result=7)

    assert _put(connection, after, status=status, result={"error": "interrupted"}) == answered


@pytest.mark.parametrize("before", CommandState)
@pytest.mark.parametrize(("status", "state"), [("ok", "Acked"), ("rejected", "Failed")])
def test_the_first_answer_is_stored_whatever_the_state(
    connection: sqlite3.Connection, before: str, status: str, state: str
) -> None:
    _put(connection, before, status=None, result=None, body={"action": "open"})

    assert commands.acknowledge(connection, "pump-1", CommandAck("c1", status, 7), NOON)
    assert not commands.acknowledge(connection, "pump-1", CommandAck("c1", "ok", 8), NOON)

    kept = commands.get(connection, "pump-1", "c1")
    assert kept is not None
    assert (kept["state"], kept["status"], kept["result"]) == (state, status, 7)
    assert kept["body"] == {"action": "open"}
    with pytest.raises(LookupError):
        commands.acknowledge(connection, "pump-2", CommandAck("c1", "ok"), NOON)


@pytest.mark.parametrize("before", CommandState)
def test_a_command_is_created_once(connection: sqlite3.Connection, before: str) -> None:
    first = commands.create(connection, "pump-1", "c1", {"command": "open", "state": before}, NOON)
    second = commands.create(connection, "pump-1", "c1", {"command": "close", "state": "Acked"}, NOON)

    assert (first["command"], first["state"]) == ("open", before)
    assert second == first == commands.get(connection, "pump-1", "c1")


def test_commands_of_a_device_come_in_the_order_they_were_made(connection: sqlite3.Connection) -> None:
    for command_id in ("c", "a", "b"):
        _put(connection, "Queued", command_id)
    _put(connection, "Sent", "c")

    made = _ids(connection, None)
    queued = _ids(connection, CommandState.QUEUED)

    assert (made, queued) == (["c", "a", "b"], ["a", "b"])
    assert commands.of_device(connection, "pump-2", None) == []
    assert commands.get(connection, "pump-2", "a") is None


def _ids(connection: sqlite3.Connection, state: CommandState | None) -> list[str]:
    found = orjson.loads(orjson.dumps(commands.of_device(connection, "pump-1", state)))
    return [each["command_id"] for each in found]
