"""Entries of the roster: their numbers, their presence, and their owner."""

from typing import Any

import orjson
import pytest

from edge_wire.messages import MalformedError, RosterEntry

ACCEPTED: list[Any] = [
    pytest.param("heartbeat_interval_seconds", 0.5, id="a heartbeat of less than a second"),
    pytest.param("offline_after_seconds", 1.0, id="offline after a second"),
    pytest.param("presence", "Connected", id="connected"),
    pytest.param("presence", "Intermittent", id="intermittent"),
    pytest.param("disabled", True, id="disabled"),
    pytest.param("cloud_commands", True, id="commands of the cloud"),
    pytest.param("rotation", 0, id="no rotation yet"),
    pytest.param("rotation", 1, id="the first rotation"),
]


@pytest.mark.parametrize(("name", "value"), ACCEPTED)
def test_accepted(name: str, value: Any) -> None:
    assert getattr(RosterEntry.parse(orjson.dumps({name: value}), "pump-1"), name) == value


REFUSED: list[Any] = [
    pytest.param({"offline_after_seconds": 0}, "offline_after_seconds must be a number above 0", id="no time"),
    pytest.param(
        {"offline_after_seconds": -0.5}, "offline_after_seconds must be a number above 0", id="less than none"
    ),
    pytest.param({"presence": ""}, "presence is missing or empty: it must be a string", id="empty presence"),
    pytest.param({"presence": "x"}, "presence must be one of Connected, Intermittent", id="another presence"),
    pytest.param({"disabled": 0}, "disabled must be a boolean, not a number", id="disabled as a number"),
    pytest.param({"cloud_commands": "yes"}, "cloud_commands must be a boolean, not a string", id="a word"),
    pytest.param({"rotation": -1}, "rotation must be a whole number, 0 or more", id="rotation below 0"),
    pytest.param({"rotation": True}, "rotation must be a whole number, 0 or more", id="rotation as a boolean"),
]


@pytest.mark.parametrize(("fields", "message"), REFUSED)
def test_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(MalformedError) as refused:
        RosterEntry.parse(orjson.dumps(fields), "pump-1")

    assert refused.value.message == message


def test_an_entry_of_an_older_operator_lets_the_cloud_send_nothing() -> None:
    assert not RosterEntry.parse(b'{"id":"pump-1"}', "pump-1").cloud_commands


OTHERS = [
    pytest.param("u1", RosterEntry("a", uid="u2"), True, id="another uid"),
    pytest.param("u1", RosterEntry("a", uid="u1"), False, id="the same uid"),
    pytest.param("", RosterEntry("a", uid="u2"), False, id="its own is not known"),
    pytest.param("u1", RosterEntry("a"), False, id="that of the other is not known"),
    pytest.param("u1", None, False, id="no other"),
]


@pytest.mark.parametrize(("uid", "other", "is_of_another"), OTHERS)
def test_is_of_another(uid: str, other: RosterEntry | None, *, is_of_another: bool) -> None:
    assert RosterEntry("a", uid=uid).is_of_another(other) is is_of_another
