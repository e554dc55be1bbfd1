"""The defaults of a message's optional fields, missing or null."""

import datetime as dt
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import orjson
import pytest

from edge_wire.messages import (
    Activity,
    Alert,
    Command,
    CommandAck,
    ComponentStatus,
    DeviceStatus,
    Reading,
    RosterEntry,
)

TIME = "2026-01-31T12:00:00.250Z"
WHEN = dt.datetime(2026, 1, 31, 12, 0, 0, 250_000, tzinfo=dt.UTC)


class Message(Protocol):
    def encode(self) -> bytes: ...


class Case(NamedTuple):
    """What must be said of a message, and what it is then.

    Attributes:
        parse: reads the message.
        least: the fields that must be there.
        rest: the others that it is written with, by their defaults.
        made: the same message, made of the fields that must be there.
    """

    parse: Callable[[bytes], Message]
    least: dict[str, Any]
    rest: dict[str, Any]
    made: Message


CASES = {
    "reading": Case(
        lambda payload: Reading.parse(payload, "pump-1"),
        {"sensor_type": "t", "value": 1.0},
        {"device_id": "pump-1", "timestamp": None, "unit": "", "location": "", "metadata": {}},
        Reading("pump-1", "t", 1.0),
    ),
    "device status": Case(
        lambda payload: DeviceStatus.parse(payload, "pump-1"),
        {"status": "online"},
        {"id": "pump-1", "name": "", "type": "", "location": "", "last_seen": None, "metadata": {}},
        DeviceStatus("pump-1", "online"),
    ),
    "command": Case(
        Command.parse,
        {"command_id": "c1", "command": "open", "expires_at": TIME},
        {},
        Command("c1", WHEN, {"command": "open"}),
    ),
    "answer": Case(CommandAck.parse, {"command_id": "c1", "status": "ok"}, {"result": None}, CommandAck("c1", "ok")),
    "alert": Case(
        Alert.parse,
        {
            "type": "sensor_alert",
            "alert_id": "a1",
            "rule": "hot",
            "device_id": "pump-1",
            "sensor_type": "t",
            "value": 90.0,
            "threshold": 80.0,
            "timestamp": TIME,
            "state": "cleared",
        },
        {"location": "", "severity": ""},
        Alert("a1", "hot", "pump-1", "t", 90.0, 80.0, WHEN, "", "", "cleared"),
    ),
    "activity": Case(
        Activity.parse,
        {"source": "p"},
        {"ages": {}, "queue_lag_seconds": None, "is_reply": False},
        Activity("p", {}),
    ),
    "component status": Case(
        ComponentStatus.parse,
        {"component": "storage", "status": "offline"},
        {"instance": "", "version": "", "timestamp": None},
        ComponentStatus("storage", "offline"),
    ),
    "roster entry": Case(
        lambda payload: RosterEntry.parse(payload, "pump-1"),
        {},
        {
            "id": "pump-1",
            "name": "",
            "type": "",
            "location": "",
            "attributes": {},
            "heartbeat_interval_seconds": None,
            "offline_after_seconds": None,
            "presence": "Connected",
            "disabled": False,
            "rotation": 0,
            "cloud_commands": False,
            "uid": "",
            "site": "",
            "liveness": None,
        },
        RosterEntry("pump-1"),
    ),
}
EACH = pytest.mark.parametrize("case", CASES.values(), ids=CASES)
NEVER_NULL = {"is_reply"}


@EACH
def test_what_is_left_out_has_its_default(case: Case) -> None:
    message = case.parse(orjson.dumps(case.least))

    assert message == case.made
    assert orjson.loads(message.encode()) == case.least | case.rest


@EACH
def test_null_is_as_if_it_were_left_out(case: Case) -> None:
    nulls = dict.fromkeys(case.rest.keys() - NEVER_NULL)

    assert case.parse(orjson.dumps(case.least | nulls)) == case.made
