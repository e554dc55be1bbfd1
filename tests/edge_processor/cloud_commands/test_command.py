"""Commands of the cloud as they arrive: each has ids that have a place for a result, or is dropped."""

import contextlib
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_processor.cloud_commands.command import CloudCommand, CommandResult
from edge_wire.messages import MalformedError
from edge_wire.store import CommandState

WHOLE = {"device_id": "pump-1", "command_id": "m-1", "command": "open", "expires_at": "2026-01-31T12:00:00Z", "x": [1]}

json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


def test_the_gateway_gets_all_but_the_device() -> None:
    command = CloudCommand.from_document(WHOLE)
    assert command.key == ("pump-1", "m-1")
    assert orjson.loads(command.body) == {name: value for name, value in WHOLE.items() if name != "device_id"}


def test_the_topic_names_the_device() -> None:
    without = {name: value for name, value in WHOLE.items() if name != "device_id"}
    assert CloudCommand.from_document(without, "fan").device_id == "fan"
    assert CloudCommand.from_document(WHOLE, "pump-1").device_id == "pump-1"
    with pytest.raises(MalformedError, match="another device"):
        CloudCommand.from_document(WHOLE, "fan")


def deep(levels: int) -> Any:
    found: Any = 1
    for _ in range(levels):
        found = [found]
    return found


@pytest.mark.parametrize(
    ("document", "names"),
    [
        ([], "object"),
        (None, "object"),
        ({}, "device_id"),
        (WHOLE | {"device_id": "a/b"}, "device_id"),
        (WHOLE | {"device_id": ".."}, "device_id"),
        (WHOLE | {"device_id": 7}, "device_id"),
        (WHOLE | {"device_id": "x" * 65}, "device_id"),
        (WHOLE | {"command_id": None}, "command_id"),
        (WHOLE | {"command_id": "a b"}, "command_id"),
        (WHOLE | {"command_id": "."}, "command_id"),
        (WHOLE | {"params": deep(300)}, "nested"),
        (WHOLE | {"params": "x" * 256 * 1024}, "bytes"),
    ],
)
def test_what_has_no_place_for_a_result_is_refused(document: Any, names: str) -> None:
    with pytest.raises(MalformedError) as refused:
        CloudCommand.from_document(document)
    assert names in refused.value.message


@given(json)
def test_any_document_is_a_command_or_refused(document: Any) -> None:
    with contextlib.suppress(MalformedError):
        CloudCommand.from_document(document)


def test_a_result_is_the_devices_acknowledgement() -> None:
    answer = {"state": "Failed", "status": "failed", "result": {"why": "jammed"}, "command": "open"}
    shown = CommandResult.from_answer(CommandState.FAILED, answer).to_object()
    assert shown == {"state": "Failed", "status": "failed", "result": {"why": "jammed"}}
    refused = CommandResult("Refused", reason="NotNow", message="later").to_object()
    assert refused == {"state": "Refused", "status": None, "result": None, "reason": "NotNow", "message": "later"}
