"""Each message encodes to what it was parsed from, and rejects invalid input with a reason."""

import datetime as dt
import json
from collections.abc import Callable
from typing import Any, Protocol

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_wire.messages import (
    ACK_FAILED,
    ACK_OK,
    CLEARED,
    FIRING,
    PROCESSOR,
    SIGN_OFF,
    Activity,
    Alert,
    Command,
    CommandAck,
    ComponentStatus,
    DeviceStatus,
    MalformedError,
    RosterEntry,
)

TIME = "2026-01-31T12:00:00.250Z"


class Message(Protocol):
    def encode(self) -> bytes: ...


def _device_status(payload: bytes) -> DeviceStatus:
    return DeviceStatus.parse(payload, "pump-1")


def _roster_entry(payload: bytes) -> RosterEntry:
    return RosterEntry.parse(payload, "pump-1")


WHOLE: list[tuple[Callable[[bytes], Message], dict[str, Any]]] = [
    (
        _device_status,
        {
            "id": "pump-1",
            "name": "Pump 1",
            "type": "pump",
            "location": "hall 3",
            "status": "offline",
            "last_seen": TIME,
            "metadata": {"firmware": "1.2"},
            "session": "s1",
            "reason": "Disconnected",
            "x": [1],
        },
    ),
    (Command.parse, {"command_id": "c1", "command": "open", "params": {"to": 5}, "expires_at": TIME, "by": "me"}),
    (CommandAck.parse, {"command_id": "c1", "status": "ok", "result": {"at": 5}, "x": None}),
    (
        Alert.parse,
        {
            "type": "sensor_alert",
            "alert_id": "a1",
            "rule": "hot",
            "device_id": "pump-1",
            "sensor_type": "temperature",
            "value": 90.0,
            "threshold": 80.0,
            "timestamp": TIME,
            "location": "hall 3",
            "severity": "Warning",
            "state": "firing",
            "x": 1,
        },
    ),
    (
        Activity.parse,
        {"source": "edge-processor", "ages": {"pump-1": 0.5}, "queue_lag_seconds": 0.1, "is_reply": True, "x": 1},
    ),
    (
        ComponentStatus.parse,
        {
            "component": "storage",
            "instance": "p1",
            "status": "online",
            "version": "0.1",
            "timestamp": TIME,
            "sinks": [],
        },
    ),
    (
        _roster_entry,
        {
            "id": "pump-1",
            "name": "Pump 1",
            "type": "pump",
            "location": "hall 3",
            "attributes": {"serial": "17"},
            "heartbeat_interval_seconds": 30.0,
            "offline_after_seconds": 300.0,
            "presence": "Intermittent",
            "disabled": True,
            "rotation": 2,
            "cloud_commands": True,
            "uid": "5f1a",
            "site": "factory/plant",
            "liveness": {"phase": "Offline", "reason": "LastWill", "since": TIME},
            "x": [1],
        },
    ),
]


@pytest.mark.parametrize(("parse", "document"), WHOLE)
def test_message_encodes_to_its_document(parse: Callable[[bytes], Message], document: dict[str, Any]) -> None:
    assert orjson.loads(parse(orjson.dumps(document)).encode()) == document


@pytest.mark.parametrize(("parse", "document"), WHOLE)
@given(data=st.data())
def test_whatever_a_field_holds_only_malformed_is_raised(
    parse: Callable[[bytes], Message], document: dict[str, Any], data: st.DataObject
) -> None:
    odd = data.draw(
        st.dictionaries(
            st.sampled_from(sorted(document)), st.none() | st.booleans() | st.floats() | st.integers() | st.text()
        )
    )
    try:
        message = parse(json.dumps(document | odd).encode())
    except MalformedError:
        return
    assert parse(message.encode()) == message


@pytest.mark.parametrize(("parse", "document"), WHOLE)
@given(payload=st.binary(max_size=64))
def test_no_bytes_raise_anything_else(
    parse: Callable[[bytes], Message], document: dict[str, Any], payload: bytes
) -> None:
    assert document
    with pytest.raises(MalformedError):
        parse(b"{?" + payload)


@pytest.mark.parametrize(
    ("status", "failure"),
    [("ok", False), ("done", False), ("failed", True), ("failure", True), ("ERROR", True), ("rejected", True)],
)
def test_failure_of_a_command(status: str, failure: bool) -> None:  # noqa: FBT001
    assert CommandAck(command_id="c1", status=status).is_failure is failure


def test_words_of_the_contract() -> None:
    assert (ACK_OK, ACK_FAILED, SIGN_OFF, FIRING, CLEARED) == ("ok", "failed", "Disconnected", "firing", "cleared")
    assert PROCESSOR == "processor"


def test_moments_are_in_utc() -> None:
    command = Command.parse(b'{"command_id":"c1","command":"open","expires_at":"2026-01-31T13:00:00+01:00"}')

    assert command.expires_at == dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
