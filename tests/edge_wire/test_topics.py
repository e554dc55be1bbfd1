"""Topics are spelt as the contract spells them, and nothing odd gets into one."""

from collections.abc import Callable

import pytest

from edge_wire import topic_table, topics
from edge_wire.dispatcher import Dispatcher

TABLE: list[tuple[Callable[[str], str], str]] = [
    (topics.device_data, "devices/pump-1/data"),
    (topics.device_status, "devices/pump-1/status"),
    (topics.device_command, "devices/pump-1/command"),
    (topics.device_command_ack, "devices/pump-1/command/ack"),
    (topics.sensors, "cloud/sensors/pump-1"),
    (topics.alerts, "alerts/pump-1"),
    (topics.component_status, "edge/status/pump-1"),
    (topics.roster, "edge/roster/pump-1"),
]


@pytest.mark.parametrize(("make", "expected"), TABLE)
def test_topic_is_spelt_as_in_the_contract(make: Callable[[str], str], expected: str) -> None:
    assert make("pump-1") == expected
    assert make(topics.ANY) == expected.replace("pump-1", "+")


def test_topics_without_a_part() -> None:
    assert (topics.ACTIVITY, topics.ACTIVITY_REQUEST, topics.BROKER_BOOT) == (
        "edge/activity",
        "edge/activity/request",
        "edge/broker/boot",
    )
    assert (topic_table.BROKER_UPTIME.pattern, topic_table.BROKER_DROPPED.pattern) == (
        "$SYS/broker/uptime",
        "$SYS/broker/publish/messages/dropped",
    )


@pytest.mark.parametrize("level", ["", "a/b", "#", "a+", "++", "a b", "a\n", "x" * 65, "é", "$SYS"])
@pytest.mark.parametrize(("make", "expected"), TABLE)
def test_odd_levels_are_refused(make: Callable[[str], str], expected: str, level: str) -> None:
    assert expected
    with pytest.raises(ValueError, match="cannot be a level of a topic"):
        make(level)


@pytest.mark.parametrize(
    "topic",
    [expected for make, expected in TABLE if make is not topics.component_status],
)
def test_device_of_a_topic(topic: str) -> None:
    _, device_id = Dispatcher({each: each for each in topic_table.TABLE}).find(topic)
    assert device_id == "pump-1"


@pytest.mark.parametrize(
    "topic", ["", "devices/pump-1", "devices/+/data", "devices//data", "edge/activity", "x/pump-1"]
)
def test_topics_about_no_device(topic: str) -> None:
    of_devices = {each: each for each in topic_table.TABLE if each.variable == "id"}
    with pytest.raises(ValueError, match=r"is not one of devices/\{id\}/data, "):
        Dispatcher(of_devices).find(topic)
