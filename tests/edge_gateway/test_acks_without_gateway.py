"""A device answers a command while no gateway runs: the answer is not lost. Real broker, store, processor, gateways."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest

from edge_pacing.backoff import Backoff
from edge_service.address import BrokerAddress
from edge_service.mqtt import Message, MqttOptions, MqttSession, Subscription
from tests.edge_gateway.gateways import Gateway, Gateways
from tests.edge_gateway.test_commands import known, until_state
from tests.edge_processor.site import Site
from tests.edge_service.waiting import eventually

SECONDS = 20.0
ANSWER = {"status": "ok", "result": {"took": 3}}


class Device:
    """A device with a session at the broker itself, which answers when it is asked to."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.session: MqttSession | None = None

    def received(self, message: Message) -> None:
        self.got.append(orjson.loads(message.payload))

    async def answer(self, command_id: str, **answer: Any) -> None:
        """Return when the broker has taken the answer."""
        assert self.session is not None
        await self.session.publish("devices/d1/command/ack", orjson.dumps({"command_id": command_id} | answer))


@asynccontextmanager
async def device(site: Site) -> AsyncIterator[Device]:
    made = Device()
    options = MqttOptions(
        BrokerAddress.parse(site.broker.url),
        "d1",
        site.broker.credentials("d1"),
        subscriptions=(Subscription("devices/d1/command"),),
    )
    async with MqttSession(options, made.received, backoff=Backoff(0.05, 0.2)) as made.session:
        async with asyncio.timeout(SECONDS):
            await made.session.connected.wait()
        yield made


async def sent(gateway: Gateway, to: Device, **more: Any) -> str:
    """Send a command, and return its id when the device has it and its state is stored."""
    await known(gateway, "d1")
    answer = await gateway.ask("POST", "/devices/d1/command", json={"action": "reboot", **more})
    assert (answer.status, answer.body["state"]) == (202, "Sent"), answer
    await eventually("the command", lambda: to.got)
    command_id: str = answer.body["command_id"]
    return command_id


def kill_processor(site: Site) -> Callable[[], object]:
    (processor,) = [each for each in site.made if each.module == "edge_processor"]
    processor.kill()
    return processor.start


def kill_store(site: Site) -> Callable[[], object]:
    site.store.kill()
    return site.store.start


def kill_nothing_else(_: Site) -> Callable[[], object]:
    return lambda: None


@pytest.mark.parametrize("replicas", [1, 2])
@pytest.mark.parametrize("kill", [kill_nothing_else, kill_processor, kill_store])
async def test_g5_an_answer_while_every_gateway_is_killed_is_not_lost(
    own_site: Site, own_gateways: Gateways, replicas: int, kill: Callable[[Site], Callable[[], object]]
) -> None:
    own_site.processor().start().await_ready()
    gateways = [own_gateways(f"gateway-{number}") for number in range(replicas)]
    async with device(own_site) as made:
        command_id = await sent(gateways[0], made)
        for gateway in gateways:
            gateway.process.kill()
        restart = kill(own_site)
        await made.answer(command_id, **ANSWER)
        await made.answer(command_id, status="failed")
    restart()
    # Another pod: its name is another one.
    later = own_gateways("gateway-later")
    await until_state(later, "d1", command_id, "Acked")
    shown = (await later.ask("GET", f"/devices/d1/commands/{command_id}")).body
    assert (shown["status"], shown["result"]) == ("ok", {"took": 3})


async def test_an_answer_while_no_gateway_runs_counts_also_after_the_expiry(
    own_site: Site, own_gateways: Gateways
) -> None:
    own_site.processor().start().await_ready()
    gateway = own_gateways()
    async with device(own_site) as made:
        command_id = await sent(gateway, made, expires_in="1s")
        await until_state(gateway, "d1", command_id, "Expired")
        gateway.process.kill()
        await made.answer(command_id, **ANSWER)
    gateway.process.start()
    gateway.process.await_ready()
    await until_state(gateway, "d1", command_id, "Acked")
