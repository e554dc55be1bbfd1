import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from edge_gateway.auth.actor import Actor
from edge_gateway.commands.record import CommandRecord, is_same_request
from edge_gateway.commands.repository import from_document, to_document
from edge_wire.messages import Command, CommandAck
from edge_wire.store import OPEN_STATES, CommandState

NOW = dt.datetime(2026, 1, 31, 12, 0, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(minutes=5)
BODY = {"command": "reboot", "params": {"delay": 1}, "ticket": "T-1", "state": "theirs", "expires_in": "5m"}
COMMAND = Command("c" * 32, LATER, BODY)
QUEUED = CommandRecord("pump-1", COMMAND, NOW)
OF_CLOUD = CommandRecord("pump-1", COMMAND, NOW, actor=Actor.CLOUD)
DONE = CommandAck(COMMAND.command_id, "ok", {"took": 3})
REFUSED = CommandAck(COMMAND.command_id, "failed", "no")


@pytest.mark.parametrize(
    ("record", "state"),
    [
        (QUEUED, CommandState.QUEUED),
        (QUEUED.sent(session=True), CommandState.SENT),
        (QUEUED.sent(session=False), CommandState.NO_SESSION),
        (QUEUED.sent(session=False).fetched(), CommandState.SENT),
        (QUEUED.sent(session=True).answered(DONE), CommandState.ACKED),
        (QUEUED.sent(session=True).answered(REFUSED), CommandState.FAILED),
        (QUEUED.answered(DONE).sent(session=True), CommandState.ACKED),
        (QUEUED.answered(DONE).sent(session=False), CommandState.ACKED),
        (QUEUED.answered(DONE).answered(REFUSED), CommandState.ACKED),
        (QUEUED.answered(DONE).interrupted(), CommandState.ACKED),
        (QUEUED.interrupted(), CommandState.FAILED),
        (OF_CLOUD.interrupted(), CommandState.QUEUED),
        (OF_CLOUD.interrupted().sent(session=True), CommandState.SENT),
        (QUEUED.interrupted().sent(session=True), CommandState.FAILED),
        (QUEUED.interrupted().answered(DONE), CommandState.ACKED),
        (QUEUED.expired(), CommandState.EXPIRED),
        (QUEUED.expired().fetched(), CommandState.EXPIRED),
        (QUEUED.expired().answered(DONE), CommandState.ACKED),
    ],
)
def test_what_follows_what(record: CommandRecord, state: CommandState) -> None:
    assert record.state is state


def test_time_ends_what_is_open_and_nothing_else() -> None:
    for state in CommandState:
        record = CommandRecord("pump-1", COMMAND, NOW, state)
        assert record.state_at(LATER - dt.timedelta(microseconds=1)) is state
        assert record.state_at(LATER) is (CommandState.EXPIRED if state in OPEN_STATES else state)


@pytest.mark.parametrize(
    "record", [QUEUED, QUEUED.answered(DONE), QUEUED.answered(REFUSED), QUEUED.interrupted(), OF_CLOUD]
)
def test_a_command_comes_back_from_the_store_as_it_was(record: CommandRecord) -> None:
    document = to_document(record)
    assert document["state"] in set(CommandState)
    assert from_document("pump-1", document | {"command_id": COMMAND.command_id}) == record


OF_OLDER_RELEASE = {
    "command_id": "m-1",
    "command": "reboot",
    "params": {"delay": 1},
    "extra": {"ticket": "T-1"},
    "created_at": "2026-01-31T12:00:00.000Z",
    "expires_at": "2026-01-31T12:05:00.000Z",
    "state": "Sent",
    "status": None,
    "result": None,
}
"""As releases before this one stored it."""


def test_a_command_of_an_older_release_is_one_of_the_api_token() -> None:
    record = from_document("pump-1", OF_OLDER_RELEASE)
    assert record.actor is Actor.API_TOKEN
    assert record.command.body == {"command": "reboot", "params": {"delay": 1}, "ticket": "T-1"}
    assert from_document("pump-1", OF_OLDER_RELEASE | {"params": {}}).command.body == {
        "command": "reboot",
        "ticket": "T-1",
    }


@pytest.mark.parametrize("params", [{}, {"params": {}}, {"params": {"delay": 1}}])
def test_a_command_of_the_cloud_that_is_repeated_after_an_upgrade_is_the_same(params: dict[str, Any]) -> None:
    before = from_document("pump-1", OF_OLDER_RELEASE | {"params": {}, "actor": "cloud"} | params)
    body = {"command_id": "m-1", "command": "reboot", "ticket": "T-1", "expires_at": "2026-01-31T12:05:00Z"} | params
    assert is_same_request(before, CommandRecord("pump-1", Command("m-1", LATER, body), NOW, actor=Actor.CLOUD))


OTHER_REQUESTS = {
    "another sender": QUEUED,
    "another command": replace(OF_CLOUD, command=replace(COMMAND, body=BODY | {"command": "stop"})),
    "other parameters": replace(OF_CLOUD, command=replace(COMMAND, body=BODY | {"params": {"delay": 2}})),
    "another expiry": replace(OF_CLOUD, command=replace(COMMAND, expires_at=NOW)),
    "other fields": replace(OF_CLOUD, command=replace(COMMAND, body={"command": "reboot", "params": {"delay": 1}})),
}


@pytest.mark.parametrize("other", OTHER_REQUESTS.values(), ids=OTHER_REQUESTS)
def test_a_request_is_the_same_whatever_became_of_it_and_another_is_not(other: CommandRecord) -> None:
    assert is_same_request(OF_CLOUD.sent(session=True).answered(DONE), OF_CLOUD)
    assert not is_same_request(OF_CLOUD, other)


def test_fields_of_the_request_do_not_hide_those_of_the_answer() -> None:
    shown = QUEUED.answered(DONE).to_object(LATER)
    assert shown == {
        "command_id": "c" * 32,
        "command": BODY,
        "expires_at": "2026-01-31T12:05:00.000Z",
        "device_id": "pump-1",
        "created_at": "2026-01-31T12:00:00.000Z",
        "state": "Acked",
        "status": "ok",
        "result": {"took": 3},
    }


def test_the_receipt_names_device_and_command() -> None:
    receipt = QUEUED.to_receipt(NOW)
    assert receipt.pop("message")
    assert receipt == {
        "device_id": "pump-1",
        "command": BODY,
        "command_id": "c" * 32,
        "expires_at": "2026-01-31T12:05:00.000Z",
        "state": "Queued",
    }
    assert QUEUED.to_receipt(LATER)["state"] == "Expired"


@pytest.mark.parametrize("change", [{"state": "Lost"}, {"expires_at": None}, {"created_at": "soon"}])
def test_a_command_that_another_release_kept_is_named(change: dict[str, str]) -> None:
    document = to_document(QUEUED) | {"command_id": COMMAND.command_id} | change
    with pytest.raises(ValueError, match=f"command {COMMAND.command_id} of device pump-1"):
        from_document("pump-1", document)
    del document["body"]
    with pytest.raises(ValueError, match="another release"):
        from_document("pump-1", document)
