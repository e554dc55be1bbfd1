"""Commands against the real broker, store and several gateways: any replica answers for any command."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest

from edge_pacing.backoff import Backoff
from edge_service.address import BrokerAddress
from edge_service.mqtt import Message, MqttOptions, MqttSession, Subscription
from tests.edge_gateway.gateways import Gateway, Gateways
from tests.edge_processor.site import Site

SECONDS = 20.0


@pytest.fixture(scope="module")
def other(gateways: Gateways, gateway: Gateway) -> Gateway:
    """A second replica."""
    return gateways("gateway-b")


@asynccontextmanager
async def device(
    site: Site, name: str, answer: dict[str, Any] | None, session_expiry: int = 0, *, clean_start: bool = True
) -> AsyncIterator[list[dict[str, Any]]]:
    """Be a device that gives `answer` to every command, or none; yields the commands that it got."""
    got: list[dict[str, Any]] = []
    tasks: set[asyncio.Task[None]] = set()

    def came(message: Message) -> None:
        assert not message.retain
        command = orjson.loads(message.payload)
        got.append(command)
        if answer is not None:
            ack = orjson.dumps({"command_id": command["command_id"], **answer})
            tasks.add(asyncio.create_task(send(f"devices/{name}/command/ack", ack)))

    async def send(topic: str, payload: bytes) -> None:
        # What waited for the session comes while it is still being opened.
        await session.connected.wait()
        await session.publish(topic, payload)

    options = MqttOptions(
        BrokerAddress.parse(site.broker.url),
        name,
        site.broker.credentials(name),
        clean_start=clean_start,
        session_expiry=session_expiry,
        subscriptions=(Subscription(f"devices/{name}/command"),),
    )
    async with MqttSession(options, came, backoff=Backoff(0.05, 0.2)) as session:
        async with asyncio.timeout(SECONDS):
            await session.connected.wait()
        await session.publish(f"devices/{name}/status", b'{"status":"online"}', retain=True)
        yield got
        await asyncio.gather(*tasks)


async def known(gateway: Gateway, name: str) -> None:
    assert (await gateway.ask("POST", f"/devices/{name}/status", json={"status": "online"})).status == 200


async def state(gateway: Gateway, name: str, command_id: str) -> Any:
    answer = await gateway.ask("GET", f"/devices/{name}/commands/{command_id}")
    assert answer.status == 200, answer
    return answer.body["state"]


async def until_state(gateway: Gateway, name: str, command_id: str, wanted: str) -> None:
    async with asyncio.timeout(SECONDS):
        while await state(gateway, name, command_id) != wanted:  # noqa: ASYNC110 - the store tells no event
            await asyncio.sleep(0.05)


async def test_a_command_is_sent_answered_and_known_to_every_replica(
    gateway: Gateway, other: Gateway, site: Site
) -> None:
    async with device(site, "d1", {"status": "ok", "result": {"took": 3}}) as got:
        await known(gateway, "d1")
        body = {"command": "reboot", "params": {"delay": 1}, "ticket": "T-1"}
        answer = await gateway.ask("POST", "/devices/d1/command", json=body)
        assert answer.status == 202
        assert {"message", "device_id", "command", "command_id"} <= set(answer.body)
        assert (answer.body["device_id"], answer.body["command"]) == ("d1", body)
        command_id = answer.body["command_id"]
        await until_state(other, "d1", command_id, "Acked")
    (command,) = got
    assert command.pop("expires_at")
    assert command == body | {"command_id": command_id}
    for replica in (gateway, other):
        shown = (await replica.ask("GET", f"/devices/d1/commands/{command_id}")).body
        assert (shown["state"], shown["status"], shown["result"]) == ("Acked", "ok", {"took": 3})
        assert shown["command"] == body


async def test_any_json_object_is_a_command(gateway: Gateway, site: Site) -> None:
    body = {"action": "reboot", "delay": 3}
    async with device(site, "d14", {"status": "ok"}) as got:
        await known(gateway, "d14")
        answer = await gateway.ask("POST", "/devices/d14/command?wait=10s", json=body)
        refused = [await gateway.ask("POST", "/devices/d14/command", json=each) for each in (["reboot"], "reboot", 7)]
    assert (answer.status, answer.body["command"], answer.body["state"]) == (200, body, "Acked")
    (command,) = got
    assert command == body | {name: answer.body[name] for name in ("command_id", "expires_at")}
    for each in refused:
        assert (each.status, each.body["error"]) == (422, each.body["title"])
        assert "a command must be a JSON object" in each.body["detail"]


async def test_a_device_that_is_connected_and_does_not_subscribe_is_reported(gateway: Gateway, site: Site) -> None:
    async with site.device("d15") as connected:
        await connected.publish("devices/d15/status", b'{"status":"online"}', retain=True)
        await known(gateway, "d15")
        sent = await gateway.ask("POST", "/devices/d15/command", json={"action": "blink"})
    assert (sent.status, sent.body["state"]) == (202, "NoSession")
    assert sent.body["message"].startswith("nobody subscribes to its command topic: ")


async def test_wait_gives_the_answer(gateway: Gateway, site: Site) -> None:
    async with device(site, "d2", {"status": "ok", "result": 7}):
        await known(gateway, "d2")
        answer = await gateway.ask("POST", "/devices/d2/command?wait=10s", json={"command": "measure"})
    assert answer.status == 200
    assert (answer.body["state"], answer.body["status"], answer.body["result"]) == ("Acked", "ok", 7)


async def test_a_device_that_cannot_makes_it_failed(gateway: Gateway, site: Site) -> None:
    async with device(site, "d2", {"status": "failed", "result": "jammed"}):
        await known(gateway, "d2")
        answer = await gateway.ask("POST", "/devices/d2/command?wait=10s", json={"command": "open"})
    assert (answer.status, answer.body["state"], answer.body["result"]) == (200, "Failed", "jammed")


async def test_no_answer_in_time_is_504_and_the_command_expires(gateway: Gateway, site: Site) -> None:
    async with device(site, "d3", None) as got:
        await known(gateway, "d3")
        body = {"command": "dig", "expires_in": "1s"}
        answer = await gateway.ask("POST", "/devices/d3/command?wait=200ms", json=body)
        assert answer.status == 504
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert (answer.body["reason"], answer.body["state"]) == ("NoAnswer", "Sent")
        await until_state(gateway, "d3", answer.body["command_id"], "Expired")
        assert len(got) == 1
        waited = await gateway.ask("POST", "/devices/d3/command?wait=20s", json=body)
        assert (waited.status, waited.body["state"]) == (504, "Expired"), "nobody waits on after the expiry"


async def test_a_device_over_http_fetches_and_answers_at_another_replica(gateway: Gateway, other: Gateway) -> None:
    await known(gateway, "d4")
    await known(other, "d4")
    fetching = asyncio.create_task(other.ask("GET", "/devices/d4/commands?wait=20s", device="d4"))
    sending = asyncio.create_task(gateway.ask("POST", "/devices/d4/command?wait=20s", json={"command": "blink"}))
    fetched = await fetching
    assert fetched.status == 200
    (command,) = fetched.body["commands"]
    assert command["command"] == "blink"
    command_id = command["command_id"]
    assert await state(gateway, "d4", command_id) == "Sent"
    again = await gateway.ask("GET", "/devices/d4/commands", device="d4")
    assert [each["command_id"] for each in again.body["commands"]] == [command_id], "until it is answered"
    ack = {"status": "ok", "result": "done"}
    answered = await other.ask("POST", f"/devices/d4/commands/{command_id}/ack", json=ack, device="d4")
    assert (answered.status, answered.body["state"]) == (200, "Acked")
    sent = await sending
    assert (sent.status, sent.body["result"]) == (200, "done")
    assert (await gateway.ask("GET", "/devices/d4/commands", device="d4")).body == {"commands": []}
    second = await other.ask("POST", f"/devices/d4/commands/{command_id}/ack", json={"status": "failed"}, device="d4")
    assert second.body["state"] == "Acked", "the first answer stands"


async def test_a_device_without_a_session_is_reported_and_can_still_fetch(gateway: Gateway) -> None:
    await known(gateway, "d10")
    sent = await gateway.ask("POST", "/devices/d10/command", json={"command": "x"})
    assert (sent.status, sent.body["state"]) == (202, "NoSession")
    waited = await gateway.ask("POST", "/devices/d10/command?wait=100ms", json={"command": "y"})
    assert (waited.status, waited.body["state"]) == (504, "NoSession")
    assert "nobody subscribes to its command topic" in waited.body["detail"]
    assert (waited.body["error"], waited.body["command"]) == ("Gateway Timeout", {"command": "y"})
    fetched = await gateway.ask("GET", "/devices/d10/commands", device="d10")
    assert [each["command"] for each in fetched.body["commands"]] == ["x", "y"]
    assert await state(gateway, "d10", sent.body["command_id"]) == "Sent"
    assert await gateway.figure("edge_gateway_commands_total", state="NoSession") >= 2.0


async def test_a_command_that_expires_while_its_device_sleeps_does_not_reach_it(gateway: Gateway, site: Site) -> None:
    await known(gateway, "d13")
    async with device(site, "d13", None, session_expiry=3600, clean_start=False):
        pass
    soon = await gateway.ask("POST", "/devices/d13/command", json={"command": "open", "expires_in": "1s"})
    late = await gateway.ask("POST", "/devices/d13/command", json={"command": "close", "expires_in": "1h"})
    assert [sent.body["state"] for sent in (soon, late)] == ["Sent", "Sent"]
    await asyncio.sleep(3)  # the broker's clock has whole seconds
    async with device(site, "d13", None, session_expiry=3600, clean_start=False) as got, asyncio.timeout(SECONDS):
        while not got:  # noqa: ASYNC110 - the list tells no event
            await asyncio.sleep(0.05)
    assert [command["command"] for command in got] == ["close"]


async def test_a_command_waits_for_a_device_with_an_offline_session(gateway: Gateway, site: Site) -> None:
    async with device(site, "d11", None, session_expiry=60):
        await known(gateway, "d11")
    sent = await gateway.ask("POST", "/devices/d11/command", json={"command": "later"})
    assert (sent.status, sent.body["state"]) == (202, "Sent")
    async with device(site, "d11", {"status": "ok"}, session_expiry=60, clean_start=False) as got:
        await until_state(gateway, "d11", sent.body["command_id"], "Acked")
    assert [command["command"] for command in got] == ["later"]


async def test_people_may_look_at_what_a_device_has_to_do_without_taking_it(gateway: Gateway) -> None:
    await known(gateway, "d12")
    sent = await gateway.ask("POST", "/devices/d12/command", json={"command": "x"})
    seen = await gateway.ask("GET", "/devices/d12/commands")
    assert [each["command_id"] for each in seen.body["commands"]] == [sent.body["command_id"]]
    assert await state(gateway, "d12", sent.body["command_id"]) == "NoSession"


async def test_expired_commands_are_not_handed_out(gateway: Gateway) -> None:
    await known(gateway, "d5")
    sent = await gateway.ask("POST", "/devices/d5/command", json={"command": "x", "expires_in": "10ms"})
    await until_state(gateway, "d5", sent.body["command_id"], "Expired")
    fetched = await gateway.ask("GET", "/devices/d5/commands?wait=100ms", device="d5")
    assert fetched.body == {"commands": []}


async def test_commands_are_handed_out_in_their_order(gateway: Gateway) -> None:
    await known(gateway, "d6")
    for number in range(5):
        await gateway.ask("POST", "/devices/d6/command", json={"command": f"c{number}"})
    fetched = await gateway.ask("GET", "/devices/d6/commands", device="d6")
    assert [each["command"] for each in fetched.body["commands"]] == [f"c{number}" for number in range(5)]


async def test_what_there_is_not_is_404(gateway: Gateway) -> None:
    await known(gateway, "d7")
    none = "0" * 32
    assert (await gateway.ask("POST", "/devices/nobody/command", json={"command": "x"})).status == 404
    for path in (f"/devices/d7/commands/{none}", "/devices/d7/commands/..%2Fd6", "/devices/d7/commands/x"):
        answer = await gateway.ask("GET", path)
        assert (answer.status, answer.headers["Content-Type"]) == (404, "application/problem+json"), path
    answer = await gateway.ask("POST", f"/devices/d7/commands/{none}/ack", json={"status": "ok"}, device="d7")
    assert answer.status == 404


async def test_answers_that_are_none_are_counted_and_change_nothing(gateway: Gateway, site: Site) -> None:
    async with device(site, "d8", None):
        await known(gateway, "d8")
        command_id = (await gateway.ask("POST", "/devices/d8/command", json={"command": "x"})).body["command_id"]
        before = await gateway.figure("edge_gateway_mqtt_messages_dropped_total")
        async with site.device("d9") as stranger:
            await stranger.publish("devices/d9/command/ack", b"\xff")
            await stranger.publish("devices/d9/command/ack", b'{"command_id":7}')
            ack = orjson.dumps({"command_id": command_id, "status": "ok"})
            await stranger.publish("devices/d9/command/ack", ack)
        async with asyncio.timeout(SECONDS):
            while await gateway.figure("edge_gateway_mqtt_messages_dropped_total") < before + 3:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert await state(gateway, "d8", command_id) == "Sent"


async def test_head_looks_at_the_commands_of_a_device_without_fetching_them(gateway: Gateway) -> None:
    await known(gateway, "d16")
    sent = await gateway.ask("POST", "/devices/d16/command", json={"command": "x"})
    for path in ("/devices/d16/commands", "/devices/d16/readings", "/devices", "/health"):
        got, head = await gateway.ask("GET", path), await gateway.ask("HEAD", path)
        assert (head.status, head.headers["Content-Type"]) == (got.status, got.headers["Content-Type"]), path
    assert (await gateway.ask("HEAD", "/devices/d16/commands", device="d16")).status == 200
    assert await state(gateway, "d16", sent.body["command_id"]) == "NoSession"
    refused = await gateway.ask("PUT", "/devices")
    assert (refused.status, refused.headers["Allow"], refused.body["error"]) == (405, "GET, HEAD", "Method Not Allowed")
    assert (await gateway.ask("HEAD", "/devices/d16/data")).status == 405
