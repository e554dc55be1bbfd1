import datetime as dt

import pytest

from edge_gateway.commands.record import CommandRecord
from edge_gateway.commands.repository import from_document, to_document
from edge_wire.messages import Command, CommandAck
from edge_wire.store import OPEN_STATES, CommandState

NOW = dt.datetime(2026, 1, 31, 12, 0, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(minutes=5)
COMMAND = Command("c" * 32, "reboot", LATER, {"delay": 1}, {"ticket": "T-1", "state": "theirs"})
QUEUED = CommandRecord("pump-1", COMMAND, NOW)
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
        (QUEUED.answered(DONE).failed("away"), CommandState.ACKED),
        (QUEUED.failed("away"), CommandState.FAILED),
        (QUEUED.failed("away").sent(session=True), CommandState.FAILED),
        (QUEUED.failed("away").answered(DONE), CommandState.ACKED),
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


@pytest.mark.parametrize("record", [QUEUED, QUEUED.answered(DONE), QUEUED.answered(REFUSED), QUEUED.failed("away")])
def test_a_command_comes_back_from_the_store_as_it_was(record: CommandRecord) -> None:
    document = to_document(record)
    assert document["state"] in set(CommandState)
    assert from_document("pump-1", document | {"command_id": COMMAND.command_id}) == record


def test_fields_of_the_request_do_not_hide_those_of_the_answer() -> None:
    shown = QUEUED.answered(DONE).to_object(LATER)
    assert shown == {
        "command_id": "c" * 32,
        "command": "reboot",
        "params": {"delay": 1},
        "expires_at": "2026-01-31T12:05:00.000Z",
        "ticket": "T-1",
        "device_id": "pump-1",
        "created_at": "2026-01-31T12:00:00.000Z",
        "state": "Acked",
        "status": "ok",
        "result": {"took": 3},
    }


def test_the_receipt_names_device_and_command() -> None:
    receipt = QUEUED.to_receipt(NOW)
    assert receipt.pop("message")
    assert receipt == {"device_id": "pump-1", "command": "reboot", "command_id": "c" * 32, "state": "Queued"}
    assert QUEUED.to_receipt(LATER)["state"] == "Expired"


@pytest.mark.parametrize("change", [{"state": "Lost"}, {"expires_at": None}, {"created_at": "soon"}])
def test_a_command_that_another_release_kept_is_named(change: dict[str, str]) -> None:
    document = to_document(QUEUED) | {"command_id": COMMAND.command_id} | change
    with pytest.raises(ValueError, match=f"command {COMMAND.command_id} of device pump-1"):
        from_document("pump-1", document)
    del document["params"]
    with pytest.raises(ValueError, match="another release"):
        from_document("pump-1", document)
