"""Which topics the operator subscribes to, and in which order."""

from edge_operator.broker.session import EXTERNAL_SUBSCRIPTIONS, SUBSCRIPTIONS

ORDER = [
    "$SYS/broker/uptime",
    "edge/broker/boot",
    "edge/status/+",
    "devices/+/status",
    "edge/activity",
    "edge/roster/+",
    "$SYS/broker/publish/messages/dropped",
]


def test_restart_of_the_broker_is_received_before_the_retained_statuses() -> None:
    assert [each.topic for each in SUBSCRIPTIONS] == ORDER


def test_external_broker_is_not_asked_for_topics_of_mosquitto() -> None:
    assert [each.topic for each in EXTERNAL_SUBSCRIPTIONS] == ORDER[1:-1]
