"""Every receiver subscribes what the table lets it read, handles what it subscribes, and nothing else."""

from collections.abc import Collection
from typing import NamedTuple

import pytest

from edge_gateway import mqtt_handler
from edge_operator.broker import session
from edge_operator.control.liveness.message_handler import BrokerMessageHandler
from edge_processor import session_options
from edge_processor.reception import Reception
from edge_service.mqtt import Subscription
from edge_wire.topic import Role, Topic
from edge_wire.topic_table import (
    ACTIVITY,
    ACTIVITY_MARKER,
    ACTIVITY_REQUEST,
    DEVICE_COMMAND_ACK,
    DEVICE_DATA,
    ROSTER,
    ROSTER_END,
    TABLE,
)

WITHOUT_RECEIVER = {"device", "client"}
"""Not components of ours: a simulated device subscribes its own command only."""


class Receiver(NamedTuple):
    role: Role
    subscribed: Collection[str]
    handled: Collection[Topic]


def filters(*subscriptions: Subscription) -> tuple[str, ...]:
    return tuple(each.topic for each in subscriptions)


RECEIVERS = [
    Receiver("gateway", filters(*mqtt_handler.SUBSCRIPTIONS), mqtt_handler.MqttHandler.HANDLERS.topics),
    Receiver("processor", filters(*session_options.SUBSCRIPTIONS), Reception.HANDLERS.topics),
    Receiver(
        "operator",
        filters(*session.SUBSCRIPTIONS),
        BrokerMessageHandler.HANDLERS.topics,
    ),
]


def faults(receiver: Receiver) -> list[str]:
    """Return what is wrong with a receiver, in sentences."""
    role, subscribed, handled = receiver
    found = [
        f"the {role} subscribes {each}, which is not in edge_wire/topic_table.py"
        for each in subscribed
        if each not in {topic.filter for topic in TABLE}
    ]
    for topic in TABLE:
        arrives = (topic.within or topic).filter in subscribed or topic.filter in subscribed
        if arrives and role not in (*topic.readers, *(topic.within.readers if topic.within else ())):
            found.append(f"the {role} subscribes {topic.pattern} but is not among its readers in topic_table.py")
        if arrives and topic not in handled:
            found.append(f"the {role} subscribes {topic.pattern} but has no handler for it")
        if topic in handled and not arrives:
            found.append(f"the {role} has a handler for {topic.pattern} but does not subscribe it")
        if role in topic.readers and not arrives and not topic.diagnostic:
            found.append(f"the {role} is a reader of {topic.pattern} in topic_table.py but does not subscribe it")
    return found


@pytest.mark.parametrize("receiver", RECEIVERS, ids=lambda receiver: receiver.role)
def test_subscriptions_and_handlers_are_those_of_the_table(receiver: Receiver) -> None:
    assert faults(receiver) == []


def test_every_reader_has_a_receiver() -> None:
    readers = {role for topic in TABLE for role in topic.readers} - WITHOUT_RECEIVER
    assert readers == {receiver.role for receiver in RECEIVERS}


PROCESSOR = [DEVICE_DATA, DEVICE_COMMAND_ACK, ACTIVITY_REQUEST, ACTIVITY_MARKER]
BROKEN = {
    "subscribes what it may not read": (
        Receiver("processor", [each.filter for each in (*PROCESSOR, ACTIVITY)], [*PROCESSOR, ACTIVITY]),
        "the processor subscribes edge/activity but is not among its readers in topic_table.py",
    ),
    "does not handle what it subscribes": (
        Receiver("processor", [each.filter for each in PROCESSOR], [DEVICE_DATA, DEVICE_COMMAND_ACK, ACTIVITY_MARKER]),
        "the processor subscribes edge/activity/request but has no handler for it",
    ),
    "subscribes a topic that does not exist": (
        Receiver("processor", [*(each.filter for each in PROCESSOR), "edge/other"], PROCESSOR),
        "the processor subscribes edge/other, which is not in edge_wire/topic_table.py",
    ),
}


@pytest.mark.parametrize(("receiver", "sentence"), BROKEN.values(), ids=BROKEN)
def test_a_fault_is_named(receiver: Receiver, sentence: str) -> None:
    assert faults(receiver) == [sentence]


def test_a_handler_without_a_subscription_is_named() -> None:
    subscribed = [each.filter for each in (DEVICE_DATA, DEVICE_COMMAND_ACK, ACTIVITY_MARKER)]
    assert faults(Receiver("processor", subscribed, PROCESSOR)) == [
        "the processor has a handler for edge/activity/request but does not subscribe it",
        "the processor is a reader of edge/activity/request in topic_table.py but does not subscribe it",
    ]


def test_what_a_filter_brings_along_must_be_handled_too() -> None:
    found = faults(Receiver("operator", [ROSTER.filter], [ROSTER]))
    assert f"the operator subscribes {ROSTER_END.pattern} but has no handler for it" in found
