"""Who may read and write what: the table of topics, and nothing else."""

from typing import Any

import pytest

from edge_operator.api.broker import BrokerClient
from edge_operator.identity.acl import DEVICE_PATTERNS, Rule, access_rules
from edge_wire import topic_table
from edge_wire.topic import Topic

# topic: writers, readers (the components' part of the design's table)
TABLE: dict[str, tuple[set[str], set[str]]] = {
    "devices/d1/data": (set(), {"~processor"}),
    "devices/d1/status": ({"~gateway", "~operator"}, {"~gateway", "~operator"}),
    "devices/d1/command": ({"~gateway"}, set()),
    "devices/d1/command/ack": (set(), {"~gateway", "~processor"}),
    "cloud/sensors/d1": ({"~processor"}, set()),
    "alerts/d1": ({"~processor"}, set()),
    "edge/activity": ({"~gateway", "~processor"}, {"~gateway", "~operator"}),
    "edge/activity/request": ({"~gateway", "~operator"}, {"~processor"}),
    "edge/activity/marker": ({"~processor"}, {"~processor"}),
    "edge/status/gateway": ({"~gateway"}, {"~gateway", "~operator"}),
    "edge/status/processor": ({"~processor"}, {"~gateway", "~operator"}),
    "edge/status/storage": ({"~storage"}, {"~gateway", "~operator"}),
    "edge/status/mqtt": ({"~mqtt"}, {"~gateway", "~operator"}),
    "edge/roster/d1": ({"~operator"}, {"~gateway", "~operator"}),
    "edge/api-tokens": ({"~operator"}, {"~gateway"}),
    "edge/broker/boot": ({"~mqtt"}, {"~gateway", "~operator"}),
    "$SYS/broker/version": (set(), {"~operator"}),
    "$SYS/broker/uptime": (set(), {"~gateway", "~operator"}),
    "$SYS/broker/clients/connected": (set(), {"~operator"}),
    "$SYS/broker/heap/current": (set(), {"~operator"}),
    "$SYS/broker/store/messages/bytes": (set(), {"~operator"}),
    "$SYS/broker/publish/messages/dropped": (set(), {"~operator"}),
    "$SYS/broker/log/N": (set(), set()),
    "$CONTROL/broker/v1": (set(), set()),
    "devices/~gateway/status": (set(), {"~operator"}),
    "edge/other": (set(), set()),
    "other": (set(), set()),
}


def matches(topic_filter: str, topic: str) -> bool:
    wanted, given = topic_filter.split("/"), topic.split("/")
    if wanted[-1] == "#":
        return given[: len(wanted) - 1] == wanted[:-1]
    return len(wanted) == len(given) and all(w in {"+", g} for w, g in zip(wanted, given, strict=True))


def may(rules: tuple[Rule, ...], access: str, topic: str) -> bool:
    hits = {rule.access for rule in rules if matches(rule.topic, topic)}
    return "deny" not in hits and bool(hits & {access, "readwrite"})


@pytest.mark.parametrize("topic", list(TABLE))
def test_components_have_what_the_table_says(topic: str) -> None:
    users = access_rules([])
    writers = {user.username for user in users if may(user.rules, "write", topic)}
    readers = {user.username for user in users if may(user.rules, "read", topic)}
    if topic == "devices/~gateway/status":
        writers -= {"~operator"}
    assert (writers, readers) == TABLE[topic]


@pytest.mark.parametrize("topic", topic_table.TABLE, ids=lambda topic: topic.pattern)
def test_every_topic_has_a_row_here(topic: Topic) -> None:
    rule = (topic.within or topic).filter
    assert any(matches(rule, each) for each in TABLE), f"say in TABLE of this file who has {topic.pattern}"


def test_devices_have_their_own_topics_only() -> None:
    assert {(rule.access, rule.topic) for rule in DEVICE_PATTERNS} == {
        ("write", "devices/%u/data"),
        ("write", "devices/%u/status"),
        ("write", "devices/%u/command/ack"),
        ("read", "devices/%u/command"),
    }


def test_agent_logs_in_to_see_a_reload_and_may_do_nothing() -> None:
    (rules,) = (user.rules for user in access_rules([]) if user.username == "~mqtt.reload")
    assert rules == (Rule("deny", "devices/~mqtt.reload/#"),)


def test_no_component_passes_for_a_device() -> None:
    clients = [BrokerClient(name="grafana")]
    for user in access_rules(clients):
        assert Rule("deny", f"devices/{user.username}/#") == user.rules[0]


def test_clients_have_what_they_are_given() -> None:
    client = BrokerClient(name="scada", subscribe=["alerts/+", "cloud/#"], publish=["devices/+/command"])
    assert access_rules([client])[-1].rules[1:] == (
        Rule("read", "alerts/+"),
        Rule("read", "cloud/#"),
        Rule("write", "devices/+/command"),
    )


ODD_TOPICS = [
    "",
    "a b",
    "a\nuser ~operator",
    "a\rtopic readwrite #",
    "a\tb",
    "a\x00b",
    "a\u00a0b",
    "a\u2028b",
    "a\u2029b",
    "a\ue000b",
    "a\ud800b",
    "a\u200bb",
    "#",
    "+",
    "+/x",
    "#/x",
    "a/#/b",
    "a#",
    "a+",
    "a/b+",
    "a/b#",
    "a/+#",
    "$SYS/broker/uptime",
    "$share/g/a",
    "$CONTROL/x",
    "edge",
    "edge/#",
    "edge/roster/+",
    "/a",
]


@pytest.mark.parametrize("topic", ODD_TOPICS)
@pytest.mark.parametrize("field", ["subscribe", "publish"])
def test_odd_topics_are_refused_by_name(topic: str, field: str) -> None:
    given: dict[str, Any] = {"name": "scada", field: [topic]}
    with pytest.raises(ValueError, match=rf"clients\[scada\]\.{field}"):
        access_rules([BrokerClient.model_construct(**given)])


@pytest.mark.parametrize("topic", ["a", "a/b", "a/+/c", "a/#", "a/+/#", "a//b", "a/", "Halle-ß/%u", "edges/#", "a/$x"])
def test_good_topics_are_taken(topic: str) -> None:
    rules = access_rules([BrokerClient(name="scada", subscribe=[topic])])[-1].rules
    assert rules[1:] == (Rule("read", topic),)


@pytest.mark.parametrize("name", ["", "a b", "a\nuser x", "A", "-a", "a-", "a/b", "#a", "gateway", "operator"])
def test_odd_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        access_rules([BrokerClient(name=name)])
