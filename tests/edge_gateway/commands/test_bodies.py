import contextlib
import datetime as dt
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_gateway.commands.ack import parse_ack
from edge_gateway.commands.request import COMMAND_ID, DEFAULT_LIFETIME, MAX_LIFETIME, parse_cloud_command, parse_command
from edge_service.problem import ProblemError
from edge_wire.messages import Command, CommandAck

NOW = dt.datetime(2026, 1, 31, 12, 0, tzinfo=dt.UTC)
ID = "0" * 32
CONTROL = {"command_id", "expires_at", "expires_in"}

json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
fields = st.dictionaries(
    st.sampled_from(["command", "params", "expires_in", "expires_at", "command_id", "status", "result", "more"]), json
)
bodies = st.one_of(st.binary(max_size=200), json.map(orjson.dumps), fields.map(orjson.dumps))


def test_the_least_body_gets_id_and_expiry() -> None:
    command = parse_command(b'{"command":"reboot"}', ID, NOW)
    assert command.to_object() == {
        "command_id": ID,
        "command": "reboot",
        "expires_at": "2026-01-31T12:05:00.000Z",
    }
    assert command.expires_at == NOW + DEFAULT_LIFETIME


@pytest.mark.parametrize(
    ("given_fields", "expires_at"),
    [
        ({"expires_in": "30s"}, NOW + dt.timedelta(seconds=30)),
        ({"expires_in": "168h"}, NOW + MAX_LIFETIME),
        ({"expires_at": "2026-01-31T13:00:00+00:30"}, NOW + dt.timedelta(minutes=30)),
        ({"expires_at": None, "expires_in": None}, NOW + DEFAULT_LIFETIME),
    ],
)
def test_expiry(given_fields: dict[str, Any], expires_at: dt.datetime) -> None:
    assert parse_command(orjson.dumps({"command": "x"} | given_fields), ID, NOW).expires_at == expires_at


@pytest.mark.parametrize(
    "body",
    [
        {"action": "reboot", "delay": 3},
        {},
        {"command": 7},
        {"command": ""},
        {"command": "x" * 1000, "params": [1]},
        {"device_id": "fan", "state": "theirs", "": None},
    ],
)
def test_any_object_is_a_command_and_goes_out_with_id_and_expiry(body: dict[str, Any]) -> None:
    command = parse_command(orjson.dumps(body), ID, NOW)
    assert command.body == body
    assert command.to_object() == body | {"command_id": ID, "expires_at": "2026-01-31T12:05:00.000Z"}


def test_further_fields_go_to_the_device_and_an_id_of_theirs_does_not() -> None:
    body = orjson.dumps({"command": "x", "params": {"a": 1}, "ticket": [1], "command_id": "mine"})
    shown = parse_command(body, ID, NOW).to_object()
    assert shown["ticket"] == [1]
    assert shown["params"] == {"a": 1}
    assert shown["command_id"] == ID


@pytest.mark.parametrize(
    ("body", "status", "names"),
    [
        (b"", 400, "empty"),
        (b"{", 400, "JSON"),
        (b"\xff", 400, "UTF-8"),
        (b"[]", 422, "a command must be a JSON object"),
        (b'["reboot"]', 422, "not an array"),
        (b'"reboot"', 422, "not a string"),
        (b"7", 422, "not a number"),
        (b"null", 422, "not null"),
        (b'{"command":"x","expires_in":5}', 422, "expires_in"),
        (b'{"command":"x","expires_in":"soon"}', 422, "expires_in"),
        (b'{"command":"x","expires_in":"0"}', 422, "expires_in"),
        (b'{"command":"x","expires_in":"169h"}', 422, "expires_in"),
        (b'{"command":"x","expires_in":"9999999999999h"}', 422, "expires_in"),
        (b'{"command":"x","expires_at":"soon"}', 422, "expires_at"),
        (b'{"command":"x","expires_at":"2026-01-31T11:59:59Z"}', 422, "expires_at"),
        (b'{"command":"x","expires_at":"9999-12-31T23:59:59Z"}', 422, "expires_at"),
        (b'{"command":"x","expires_at":"2026-01-31T12:01:00Z","expires_in":"1s"}', 422, "expires_in"),
        (b"[" * 1000 + b"]" * 1000, 422, "deep"),
        (b'"' + b"x" * (256 * 1024) + b'"', 413, "256 KiB"),
        (b'{"a":"' + b"x" * (256 * 1024 - 8) + b'"}', 413, "256 KiB"),
    ],
)
def test_what_is_wrong_is_named(body: bytes, status: int, names: str) -> None:
    with pytest.raises(ProblemError) as refused:
        parse_command(body, ID, NOW)
    assert refused.value.problem.status == status
    assert names in refused.value.problem.detail


@given(bodies)
def test_any_body_is_a_command_or_refused(body: bytes) -> None:
    command: Command | None = None
    with contextlib.suppress(ProblemError):
        command = parse_command(body, ID, NOW)
    if command is not None:
        assert command.command_id == ID
        assert NOW < command.expires_at <= NOW + MAX_LIFETIME
        sent = orjson.loads(command.encode())
        assert Command.parse(command.encode()).to_object() == sent
        assert {name: value for name, value in command.body.items() if name not in CONTROL} == {
            name: value for name, value in sent.items() if name not in CONTROL
        }


SOON = "2026-01-31T12:01:00Z"
FROM_CLOUD = {"command_id": "m-1", "command": "x", "expires_at": SOON}


def test_a_command_of_the_cloud_keeps_its_id_and_its_expiry_may_have_passed() -> None:
    given_fields = {"command_id": "A.b_c-1", "command": "x", "expires_at": "2026-01-31T11:00:00Z", "ticket": 7}
    assert parse_cloud_command(orjson.dumps(given_fields), NOW).to_object() == given_fields | {
        "expires_at": "2026-01-31T11:00:00.000Z",
    }


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"command_id": None}, "command_id"),
        ({"command_id": 7}, "command_id"),
        ({"command_id": ""}, "command_id"),
        ({"command_id": "."}, "command_id"),
        ({"command_id": ".."}, "command_id"),
        ({"command_id": "a/b"}, "command_id"),
        ({"command_id": "a" * 65}, "command_id"),
        ({"command_id": "a\n"}, "command_id"),
        ({"expires_at": None}, "expires_at"),
        ({"expires_at": "soon"}, "expires_at"),
        ({"expires_at": "2026-02-07T12:00:01Z"}, "expires_at"),
        ({"expires_in": "5s"}, "expires_in"),
    ],
)
def test_what_is_wrong_with_a_command_of_the_cloud_is_named(change: dict[str, Any], names: str) -> None:
    with pytest.raises(ProblemError) as refused:
        parse_cloud_command(orjson.dumps(FROM_CLOUD | change), NOW)
    assert refused.value.problem.status == 422
    assert names in refused.value.problem.detail


@given(bodies)
def test_any_body_of_the_cloud_is_a_command_or_refused(body: bytes) -> None:
    with contextlib.suppress(ProblemError):
        command = parse_cloud_command(body, NOW)
        assert COMMAND_ID.fullmatch(command.command_id)
        assert command.expires_at <= NOW + MAX_LIFETIME


@given(bodies)
def test_any_body_is_an_answer_or_refused(body: bytes) -> None:
    ack: CommandAck | None = None
    with contextlib.suppress(ProblemError):
        ack = parse_ack(body, ID)
    if ack is not None:
        assert ack.command_id == ID
        assert ack.status


@pytest.mark.parametrize(
    ("result", "kept"),
    [
        (b'"half \\ud83d of a pair"', "half \ufffd of a pair"),
        (b'{"\\udc00":["\\ud800",NaN,Infinity]}', {"\ufffd": ["\ufffd", None, None]}),
        (b"NaN", None),
        (b"123456789012345678901234567890", 123456789012345678901234567890.0),
    ],
)
def test_result_that_json_cannot_have_still_acknowledges(result: bytes, kept: Any) -> None:
    body = b'\xef\xbb\xbf{"command_id":"%b","status":"ok","result":%b}' % (ID.encode(), result)
    for ack in (CommandAck.parse(body), parse_ack(body, ID)):
        assert (ack.command_id, ack.status, ack.result) == (ID, "ok", kept)
        assert CommandAck.parse(ack.encode()) == ack


def test_an_answer_need_not_repeat_the_id_of_the_url_but_must_not_differ() -> None:
    assert parse_ack(b'{"status":"ok"}', ID).status == "ok"
    assert parse_ack(orjson.dumps({"status": "ok", "command_id": ID, "result": 5}), ID).result == 5
    with pytest.raises(ProblemError):
        parse_ack(b'{"status":"ok","command_id":"other"}', ID)
