"""What holds for every row of the table of topics."""

from typing import get_args

import pytest

from edge_wire.topic import Role, Topic
from edge_wire.topic_table import TABLE

EVERY = pytest.mark.parametrize("topic", TABLE, ids=lambda topic: topic.pattern)


def test_no_topic_is_listed_twice() -> None:
    assert len({topic.filter for topic in TABLE}) == len(TABLE) > 10


@EVERY
def test_there_is_at_most_one_variable_level(topic: Topic) -> None:
    assert topic.filter.count("{") == 0
    assert topic.filter.count("+") == (1 if topic.variable else 0)


@EVERY
def test_devices_have_topics_below_their_own_id_only(topic: Topic) -> None:
    if "device" in (*topic.writers, *topic.readers):
        assert topic.pattern.startswith("devices/{id}/"), f"every device could use {topic.pattern}"


@EVERY
def test_clients_write_nothing_and_read_nothing_of_the_components(topic: Topic) -> None:
    assert "client" not in topic.writers
    assert not (topic.pattern.startswith("edge/") and "client" in topic.readers)


@EVERY
def test_only_mosquitto_writes_its_own_topics(topic: Topic) -> None:
    assert topic.pattern.startswith("$SYS/") == (topic.writers == ())


@EVERY
def test_a_topic_within_another_is_matched_by_its_filter_and_gives_nobody_more(topic: Topic) -> None:
    if topic.within is not None:
        levels = zip(topic.within.filter.split("/"), topic.pattern.split("/"), strict=True)
        assert all(wanted in {"+", level} for wanted, level in levels)
        assert set(topic.writers) <= set(topic.within.writers)
        assert set(topic.readers) <= set(topic.within.readers)


def test_every_role_has_a_topic() -> None:
    used = {role for topic in TABLE for role in (*topic.writers, *topic.readers)}
    assert used == set(get_args(Role))


# Written a second time on purpose: a changed row changes the contract with devices and clients.
ROWS = [
    # pattern, message, writers, readers, retained, QoS, diagnostic
    ("devices/{id}/data", "Reading", "device", "processor", False, 1, False),
    ("devices/{id}/status", "DeviceStatus", "device gateway operator", "operator gateway", True, 1, False),
    ("devices/{id}/command", "Command", "gateway", "device", False, 1, False),
    ("devices/{id}/command/ack", "CommandAck", "device", "gateway processor", False, 1, False),
    ("cloud/sensors/{id}", "Reading", "processor", "client", False, 1, False),
    ("alerts/{id}", "Alert", "processor", "client", False, 2, False),
    ("edge/activity", "Activity", "processor gateway", "operator gateway", False, 1, False),
    ("edge/activity/request", "", "operator gateway", "processor", False, 1, False),
    ("edge/activity/marker", "", "processor", "processor", False, 1, False),
    (
        "edge/status/{component}",
        "ComponentStatus",
        "gateway processor storage mqtt",
        "operator gateway",
        True,
        1,
        False,
    ),
    ("edge/roster/{id}", "RosterEntry", "operator", "gateway operator", True, 1, False),
    ("edge/roster/~end", "", "operator", "operator", False, 1, False),
    ("edge/api-tokens", "ApiTokenList", "operator", "gateway", True, 1, False),
    ("edge/broker/boot", "", "mqtt", "operator gateway", True, 1, False),
    ("$SYS/broker/version", "", "", "operator", True, 1, True),
    ("$SYS/broker/uptime", "", "", "operator gateway", True, 1, False),
    ("$SYS/broker/clients/connected", "", "", "operator", True, 1, True),
    ("$SYS/broker/heap/current", "", "", "operator", True, 1, True),
    ("$SYS/broker/store/messages/bytes", "", "", "operator", True, 1, True),
    ("$SYS/broker/publish/messages/dropped", "", "", "operator", True, 1, False),
]


def test_rows() -> None:
    assert [
        (
            each.pattern,
            "" if each.message is None else each.message.__name__,
            " ".join(each.writers),
            " ".join(each.readers),
            each.retained,
            each.qos,
            each.diagnostic,
        )
        for each in TABLE
    ] == ROWS


def test_program_subscribes_what_it_reads_unless_another_filter_has_it_or_only_people_do() -> None:
    of_operator = [each.pattern for each in TABLE if each.is_subscribed_by("operator")]
    assert of_operator == [
        "devices/{id}/status",
        "edge/activity",
        "edge/status/{component}",
        "edge/roster/{id}",
        "edge/broker/boot",
        "$SYS/broker/uptime",
        "$SYS/broker/publish/messages/dropped",
    ]


def test_topic_shows_its_pattern_and_not_its_parts() -> None:
    assert "_before" not in repr(TABLE[0])
    assert "_after" not in repr(TABLE[0])
