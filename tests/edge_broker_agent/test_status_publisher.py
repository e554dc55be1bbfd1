"""What the agent says on the broker."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from edge_operator.identity.logins import OPERATOR
from edge_pacing.backoff import Backoff
from edge_service.address import BrokerAddress
from edge_service.mqtt import Message, MqttOptions, MqttSession, Subscription
from edge_wire.messages import ComponentStatus
from edge_wire.topics import BROKER_BOOT, component_status
from tests.edge_broker_agent.pod import Pod
from tests.edge_service.waiting import eventually

pytestmark = pytest.mark.process


class Operator:
    """Listens as the operator does."""

    def __init__(self, pod: Pod) -> None:
        self.messages: list[Message] = []
        options = MqttOptions(
            BrokerAddress.parse(pod.broker.components_url),
            OPERATOR,
            pod.broker.credentials(OPERATOR),
            subscriptions=(Subscription(BROKER_BOOT), Subscription(component_status("mqtt"))),
        )
        self.session = MqttSession(options, self.messages.append, backoff=Backoff(0.05, 0.2))

    def boots(self) -> list[str]:
        """Return the boot ids received."""
        return [str(json.loads(each.payload)["boot"]) for each in self.messages if each.topic == BROKER_BOOT]

    def statuses(self) -> list[ComponentStatus]:
        """Return the statuses received."""
        return [ComponentStatus.parse(each.payload) for each in self.messages if each.topic != BROKER_BOOT]


@pytest.fixture
async def operator(pod: Pod) -> AsyncIterator[Operator]:
    made = Operator(pod)
    async with made.session:
        await eventually("the boot and the status are told", lambda: made.boots() and made.statuses())
        yield made


def start_again(pod: Pod) -> None:
    """Kill Mosquitto and start it again."""
    pod.broker.save()
    pod.broker.kill()
    pod.start_broker()


async def test_another_start_of_the_broker_has_another_id(pod: Pod, operator: Operator) -> None:
    first = operator.boots()[-1]
    await asyncio.to_thread(start_again, pod)
    await eventually("another id", lambda: operator.boots()[-1] != first)
    assert all(message.qos == 1 for message in operator.messages)


@pytest.mark.parametrize("how", ["stop", "kill"])
async def test_another_agent_gives_the_same_start_the_same_id(pod: Pod, operator: Operator, how: str) -> None:
    first = operator.boots()[-1]
    await asyncio.to_thread(getattr(pod.agent, how))
    await eventually("it is gone", lambda: operator.statuses()[-1].status == "offline")
    heard = len(operator.boots())
    pod.agent.start()
    await eventually("it is told again", lambda: len(operator.boots()) > heard)
    assert set(operator.boots()) == {first}
    await eventually("it is there", lambda: operator.statuses()[-1].status == "online")


async def test_the_status_has_the_logins_and_what_is_not_used(pod: Pod, operator: Operator) -> None:
    def said() -> Any:
        return operator.statuses()[-1].extra

    await asyncio.to_thread(pod.await_reload, lambda: pod.logins.revoke("d1"))
    await eventually("one login less", lambda: said()["logins"] == 5 + 9)
    assert said()["rejected"] == []
    name = f"{pod.logins.index}-0"
    await asyncio.to_thread(pod.logins.put, name, {"of": "1", "passwords": "garbage"})
    await eventually("it is told", lambda: said()["rejected"] == [name])
    await asyncio.to_thread(pod.logins.write_shard, 0)
    await eventually("it is well again", lambda: said()["rejected"] == [])
