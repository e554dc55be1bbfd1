"""What is no message is refused with a reason."""

from collections.abc import Callable
from typing import Any

import pytest

from edge_wire.messages import Activity, Alert, Command, CommandAck, DeviceStatus, MalformedError, RosterEntry


def _device_status(payload: bytes) -> DeviceStatus:
    return DeviceStatus.parse(payload, "pump-1")


def _roster_entry(payload: bytes) -> RosterEntry:
    return RosterEntry.parse(payload, "pump-1")


REFUSED: list[tuple[Callable[[bytes], Any], bytes, str]] = [
    (_device_status, b"", "empty"),
    (_device_status, b"{", "json"),
    (_device_status, b'{"status":""}', "field"),
    (_device_status, b'{"status":"online","id":"pump-2"}', "impersonation"),
    (_device_status, b'{"status":"online","name":7}', "type"),
    (Command.parse, b'{"command_id":"c1","command":"open"}', "field"),
    (Command.parse, b'{"command_id":"c1","command":"open","expires_at":"soon"}', "field"),
    (Command.parse, b'{"command":"open","expires_at":"2026-01-31T12:00:00Z"}', "field"),
    (Command.parse, b'["open"]', "type"),
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
def test_refused_with_a_reason(parse: Callable[[bytes], Any], payload: bytes, reason: str) -> None:
    with pytest.raises(MalformedError) as refused:
        parse(payload)

    assert refused.value.reason == reason
    assert str(refused.value) == refused.value.message != ""
