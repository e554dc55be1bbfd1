"""docs/topics.md lists every topic and every field of every message."""

import datetime as dt
import re
from pathlib import Path
from typing import Protocol

import orjson
import pytest

from edge_wire.messages import Activity, Alert, Command, CommandAck, ComponentStatus, DeviceStatus, Reading, RosterEntry
from edge_wire.topic import Topic
from edge_wire.topic_table import TABLE

PAGE = Path(__file__).resolve().parents[2] / "docs" / "topics.md"
SECURITY = PAGE.with_name("security.md")
NOON = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)


class Message(Protocol):
    def encode(self) -> bytes: ...


MESSAGES: list[tuple[str, Message]] = [
    ("Reading", Reading("d", "t", 1.0, session="s", seq=1)),
    ("Device status", DeviceStatus("d", "online", session="s", reason="r")),
    ("Command", Command("c", NOON, {"command": "open", "params": {}})),
    ("Answer to a command", CommandAck("c", "ok")),
    ("Alert", Alert("a", "r", "d", "t", 1.0, 2.0, NOON, "l", "Info", "firing", late=True)),
    ("Activity", Activity("s", {})),
    ("Component status", ComponentStatus("c", "online")),
    ("Roster entry", RosterEntry("d")),
]

SECTIONS = {section.lower().replace(" ", "-"): type(message) for section, message in MESSAGES} | {
    "processed-reading": Reading
}
"""Type of the message that a section describes, by the anchor of the section."""

WORDS = {"component": ("gateway", "processor", "storage", "mqtt"), "broker agent": ("mqtt",), "anyone": ("client",)}
"""Roles that the page does not call by their name."""

LISTED = [topic for topic in TABLE if topic.writers]
"""Mosquitto's own topics are not on the page."""


@pytest.mark.parametrize(("section", "message"), MESSAGES, ids=[section for section, _ in MESSAGES])
def test_every_field_is_listed_and_no_other(section: str, message: Message) -> None:
    assert _listed(section) == set(orjson.loads(message.encode()))


def test_every_message_type_has_a_section() -> None:
    types = {topic.message for topic in TABLE} - {None}
    assert types == {type(message) for _, message in MESSAGES}, "add the section and an example to MESSAGES"


@pytest.mark.parametrize("topic", LISTED, ids=lambda topic: topic.pattern)
def test_the_row_of_a_topic_says_what_the_table_says(topic: Topic) -> None:
    row = _rows().get(topic.pattern)
    assert row is not None, f"add a row for {topic.pattern} to docs/topics.md"
    delivery, parties, message = row
    assert delivery == f"{topic.qos}{', retained' if topic.retained else ''}", f"QoS of {topic.pattern}"
    writers, readers = (_roles(side) for side in parties.split(" → "))
    assert writers == set(topic.writers), f"writers of {topic.pattern}"
    assert (writers if readers == {"itself"} else readers) == set(topic.readers), f"readers of {topic.pattern}"
    sections = {name for name, each in SECTIONS.items() if each is topic.message}
    assert set(re.findall(r"\(#([a-z-]+)\)", message)) & sections or topic.message is None, (
        f"section of {topic.pattern}"
    )


def test_no_other_topic_is_listed() -> None:
    assert set(_rows()) - {topic.pattern for topic in LISTED} == set()


def test_the_page_on_security_lists_what_a_device_may_do() -> None:
    row = next(line for line in SECURITY.read_text().splitlines() if line.startswith("| a device |"))
    for cell, topics in zip(
        row.split("|")[3:5],
        (
            [topic for topic in TABLE if "device" in topic.writers],
            [topic for topic in TABLE if "device" in topic.readers],
        ),
        strict=True,
    ):
        spelt = cell.replace("…", "devices/<own id>")
        assert set(re.findall(r"`([^`]+)`", spelt)) == {each.pattern.replace("{id}", "<own id>") for each in topics}


def _rows() -> dict[str, list[str]]:
    """Return the cells after the topic, by topic, of the table at the begin of the page."""
    table = PAGE.read_text().split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("| `")]
    return {topic.strip(" `"): [cell.strip() for cell in cells] for topic, *cells in rows}


def _roles(side: str) -> set[str]:
    named = re.sub(r" \([^)]*\)", "", side).strip().split(", ")
    return {role for name in named for role in WORDS.get(name, (name,))}


def _listed(section: str) -> set[str]:
    body = PAGE.read_text().split(f"\n## {section}\n")[1].split("\n## ")[0]
    first_table = re.split(r"^(?!\|)", body[body.index("|") :], maxsplit=1, flags=re.MULTILINE)[0]
    cells = [line.split("|")[1] for line in first_table.splitlines()]
    return {name for cell in cells for name in re.findall(r"`([a-z_]+)`", cell)}
