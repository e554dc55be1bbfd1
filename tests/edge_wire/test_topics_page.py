"""docs/topics.md lists every topic and every field of every message."""

import datetime as dt
import re
from pathlib import Path
from typing import Protocol

import orjson
import pytest

from edge_wire import topics
from edge_wire.messages import Activity, Alert, Command, CommandAck, ComponentStatus, DeviceStatus, Reading, RosterEntry

PAGE = Path(__file__).resolve().parents[2] / "docs" / "topics.md"
NOON = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)


class Message(Protocol):
    def encode(self) -> bytes: ...


MESSAGES: list[tuple[str, Message]] = [
    ("Reading", Reading("d", "t", 1.0, session="s", seq=1)),
    ("Device status", DeviceStatus("d", "online", session="s", reason="r")),
    ("Command", Command("c", "open", NOON)),
    ("Answer to a command", CommandAck("c", "ok")),
    ("Alert", Alert("a", "r", "d", "t", 1.0, 2.0, NOON, "l", "Info", "firing")),
    ("Activity", Activity("s", {})),
    ("Component status", ComponentStatus("c", "online")),
    ("Roster entry", RosterEntry("d")),
]


@pytest.mark.parametrize(("section", "message"), MESSAGES, ids=[section for section, _ in MESSAGES])
def test_every_field_is_listed_and_no_other(section: str, message: Message) -> None:
    assert _listed(section) == set(orjson.loads(message.encode()))


def test_every_topic_is_listed() -> None:
    page = PAGE.read_text()
    spelt = {
        make(topics.ANY).replace("+", "{component}" if make is topics.component_status else "{id}")
        for make in (
            topics.device_data,
            topics.device_status,
            topics.device_command,
            topics.device_command_ack,
            topics.sensors,
            topics.alerts,
            topics.component_status,
            topics.roster,
        )
    } | {topics.ACTIVITY, topics.ACTIVITY_REQUEST, topics.ACTIVITY_MARKER, topics.BROKER_BOOT, topics.ROSTER_END}

    assert {topic for topic in spelt if f"| `{topic}` |" not in page} == set()


def _listed(section: str) -> set[str]:
    body = PAGE.read_text().split(f"\n## {section}\n")[1].split("\n## ")[0]
    first_table = re.split(r"^(?!\|)", body[body.index("|") :], maxsplit=1, flags=re.MULTILINE)[0]
    cells = [line.split("|")[1] for line in first_table.splitlines()]
    return {name for cell in cells for name in re.findall(r"`([a-z_]+)`", cell)}
