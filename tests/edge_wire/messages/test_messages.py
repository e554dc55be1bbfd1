"""Each message says again what it was told, and refuses what it cannot be with a reason."""

import datetime as dt
import json
from collections.abc import Callable
from typing import Any, Protocol

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_wire.messages import (
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
            "uid": "5f1a",
            "site": "factory/plant",
            "x": [1],
        },
    ),
]


@pytest.mark.parametrize(("parse", "document"), WHOLE)
def test_message_says_again_what_it_was_told(parse: Callable[[bytes], Message], document: dict[str, Any]) -> None:
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
        parse(b"?" + payload)


def test_roster_entry_without_anything_is_a_device_of_the_defaults() -> None:
    assert _roster_entry(b"{}") == RosterEntry("pump-1")


@pytest.mark.parametrize("payload", [b"online", b' "ONLINE"\n', b'{"status":"online"}'])
def test_bare_online(payload: bytes) -> None:
    assert _device_status(payload) == DeviceStatus(id="pump-1", status="online")


def test_only_disconnected_is_a_sign_off() -> None:
    signed_off = _device_status(b'{"status":"offline","reason":"Disconnected"}')
    will = _device_status(b'{"status":"offline","reason":"LastWill"}')

    assert (signed_off.is_sign_off, will.is_sign_off, _device_status(b"offline").is_sign_off) == (True, False, False)


REFUSED: list[tuple[Callable[[bytes], Message], bytes, str]] = [
    (_device_status, b"", "empty"),
    (_device_status, b"away", "json"),
    (_device_status, b'{"status":"away"}', "field"),
    (_device_status, b'{"status":"online","id":"pump-2"}', "impersonation"),
    (_device_status, b'{"status":"online","name":7}', "type"),
    (Command.parse, b'{"command_id":"c1","command":"open"}', "field"),
    (Command.parse, b'{"command_id":"c1","command":"open","expires_at":"soon"}', "field"),
    (Command.parse, b'{"command_id":"c1","command":"open","expires_at":0,"params":[]}', "type"),
    (CommandAck.parse, b'{"command_id":"c1"}', "field"),
    (CommandAck.parse, b"[]", "type"),
    (Activity.parse, b'{"source":"p","ages":{"pump-1":"now"}}', "type"),
    (Activity.parse, b'{"source":"p","is_reply":1}', "type"),
    (Alert.parse, b'{"type":"sensor_alert"}', "field"),
    (_roster_entry, b'{"id":"pump-2"}', "impersonation"),
    (_roster_entry, b'{"name":7}', "type"),
    (_roster_entry, b'{"attributes":[]}', "type"),
    (_roster_entry, b'{"offline_after_seconds":"5m"}', "type"),
    (_roster_entry, b'{"offline_after_seconds":0}', "field"),
    (_roster_entry, b'{"heartbeat_interval_seconds":1e999}', "json"),
    (_roster_entry, b'{"presence":"Sometimes"}', "field"),
    (_roster_entry, b'{"disabled":1}', "type"),
    (_roster_entry, b'{"rotation":-1}', "field"),
    (_roster_entry, b'{"rotation":1.5}', "field"),
]


@pytest.mark.parametrize(("parse", "payload", "reason"), REFUSED)
def test_refused_with_a_reason(parse: Callable[[bytes], Message], payload: bytes, reason: str) -> None:
    with pytest.raises(MalformedError) as refused:
        parse(payload)

    assert refused.value.reason == reason
    assert str(refused.value) == refused.value.message != ""


@pytest.mark.parametrize(("status", "failure"), [("ok", False), ("done", False), ("failed", True), ("ERROR", True)])
def test_failure_of_a_command(status: str, failure: bool) -> None:  # noqa: FBT001
    assert CommandAck(command_id="c1", status=status).is_failure is failure


@pytest.mark.parametrize("count", [0, 1, 10_000])
def test_a_digest_goes_out_in_parts_of_64_kib(count: int) -> None:
    ages = {f"device-{number:057}": number + 0.123 for number in range(count)}
    whole = Activity(source="edge-processor", ages=ages, queue_lag_seconds=1.5, is_reply=True)

    parts = [Activity.parse(part.encode()) for part in whole.parts()]

    assert {name: age for part in parts for name, age in part.ages.items()} == ages
    assert all(len(part.encode()) <= 64 * 1024 for part in parts)
    assert {(part.source, part.queue_lag_seconds, part.is_reply) for part in parts} == {("edge-processor", 1.5, True)}
    assert len(parts) == 1 if count < 2 else len(parts) < count * 90 / (60 * 1024) + 1


def test_moments_are_in_utc() -> None:
    command = Command.parse(b'{"command_id":"c1","command":"open","expires_at":"2026-01-31T13:00:00+01:00"}')

    assert command.expires_at == dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
