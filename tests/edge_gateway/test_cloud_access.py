"""The rights of the cloud's token, over every route of the gateway, against a real broker and a real store."""

import asyncio
import datetime as dt
import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from edge_wire.messages import format_timestamp
from tests.edge_gateway.gateways import Gateway, Gateways
from tests.edge_processor.site import Site
from tests.support.roster import put_entry

CLOUD = "the-token-of-the-cloud"
ALLOWED = {("POST", "/devices/{device_id}/command"), ("GET", "/devices/{device_id}/commands/{command_id}")}
OPEN = {"/health", "/ready", "/metrics"}
SECONDS = 20.0


def body(command_id: str, **fields: Any) -> dict[str, Any]:
    expires_at = format_timestamp(dt.datetime.now(dt.UTC) + dt.timedelta(minutes=1))
    return {"command_id": command_id, "command": "open", "expires_at": expires_at} | fields


@pytest.fixture(scope="module")
def token_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("cloud") / "token"
    made.write_text(CLOUD + "\n")
    return made


@pytest.fixture(scope="module")
def clouded(gateways: Gateways, token_file: Path, site: Site) -> Gateway:
    """A gateway that the cloud may send commands to: for d1, not for d2."""
    made = gateways("gateway-cloud", CLOUD_TOKEN_FILE=str(token_file))
    for device_id, allowed in (("d1", True), ("d2", False)):
        put_entry(site.broker, device_id, orjson.dumps({"id": device_id, "cloud_commands": allowed}))

    async def known() -> None:
        async with asyncio.timeout(SECONDS):
            while (await made.ask("GET", "/devices")).body["count"] < 2:  # noqa: ASYNC110 - no event tells
                await asyncio.sleep(0.05)

    asyncio.run(known())
    return made


async def routes(gateway: Gateway) -> list[tuple[str, str]]:
    document = (await gateway.ask("GET", "/openapi.json", token=None)).body
    return [(method.upper(), path) for path, methods in document["paths"].items() for method in methods]


async def test_g8_the_cloud_does_nothing_but_send_commands(clouded: Gateway) -> None:
    found = await routes(clouded)
    assert set(found) >= ALLOWED
    assert len(found) > 15
    for method, path in found:
        filled = path.replace("{device_id}", "d1").replace("{command_id}", "m-0")
        answer = await clouded.ask(method, re.sub(r"\{[^}]*\}", "1", filled), token=CLOUD, json=body("m-0"))
        if path in OPEN:
            assert answer.status in {200, 503}, path
        elif (method, path) in ALLOWED:
            assert answer.status not in {401, 403}, path
        else:
            assert (answer.status, answer.body["reason"]) == (403, "CloudNotAllowed"), (method, path)


async def test_g8_a_device_takes_commands_of_the_cloud_only_if_its_edgedevice_says_so(clouded: Gateway) -> None:
    refused = await clouded.ask("POST", "/devices/d2/command", token=CLOUD, json=body("m-1"))
    assert (refused.status, refused.body["reason"]) == (403, "CloudCommandsDisabled")
    assert "spec.cloudCommands of its EdgeDevice to true" in refused.body["detail"]
    # The API token needs no such permission; the cloud does not see that command, nor any of that device.
    theirs = await clouded.ask("POST", "/devices/d2/command", json={"command": "open"})
    path = f"/devices/d2/commands/{theirs.body['command_id']}"
    assert (await clouded.ask("GET", path)).status == 200
    assert (await clouded.ask("GET", path, token=CLOUD)).status == 403
    of_d1 = await clouded.ask("POST", "/devices/d1/command", json={"command": "open"})
    seen = await clouded.ask("GET", f"/devices/d1/commands/{of_d1.body['command_id']}", token=CLOUD)
    assert (seen.status, seen.body["reason"]) == (404, "CommandNotFound")
    assert (await clouded.ask("POST", "/devices/nobody/command", token=CLOUD, json=body("m-1"))).status == 404


async def test_the_same_id_again_is_the_same_command(clouded: Gateway, gateways: Gateways, token_file: Path) -> None:
    wanted = body("m-2", params={"to": 5})
    other = gateways("gateway-other", CLOUD_TOKEN_FILE=str(token_file))
    async with asyncio.timeout(SECONDS):
        while (await other.ask("GET", "/devices/d1")).status != 200:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.05)
    before = await clouded.figure("edge_gateway_commands_total", actor="cloud")
    first = await clouded.ask("POST", "/devices/d1/command", token=CLOUD, json=wanted)
    assert (first.status, first.body["command_id"], first.body["state"]) == (202, "m-2", "NoSession")
    for replica in (clouded, other):
        again = await replica.ask("POST", "/devices/d1/command", token=CLOUD, json=wanted)
        assert (again.status, again.body) == (202, first.body)
    assert await clouded.figure("edge_gateway_commands_total", actor="cloud") == before + 2, "Queued and NoSession"
    assert await other.figure("edge_gateway_commands_total", actor="cloud") == 0
    fetched = await clouded.ask("GET", "/devices/d1/commands", device="d1")
    assert [each["command_id"] for each in fetched.body["commands"]].count("m-2") == 1
    reused = await clouded.ask("POST", "/devices/d1/command", token=CLOUD, json=wanted | {"command": "close"})
    assert (reused.status, reused.body["reason"]) == (409, "CommandIdInUse")
    await clouded.ask("POST", "/devices/d1/commands/m-2/ack", device="d1", json={"status": "ok", "result": 7})
    shown = await other.ask("GET", "/devices/d1/commands/m-2", token=CLOUD)
    assert (shown.body["state"], shown.body["result"]) == ("Acked", 7)


async def test_an_id_of_the_api_token_is_not_taken(clouded: Gateway) -> None:
    answer = await clouded.ask("POST", "/devices/d1/command", json={"command": "open", "command_id": "mine"})
    assert re.fullmatch("[0-9a-f]{32}", answer.body["command_id"])


async def test_refused_commands_of_the_api_token_are_lines_of_the_audit(clouded: Gateway) -> None:
    wanted = {"command": "refused-open"}
    too_large = {"command": "refused-large", "params": "x" * 300_000}
    for device_id, content in (("nobody", wanted), ("d1", wanted | {"expires_in": "no time"}), ("d1", too_large)):
        answer = await clouded.ask("POST", f"/devices/{device_id}/command", json=content)
        assert 400 <= answer.status < 500
    lines = [orjson.loads(line) for line in clouded.process.log.read_bytes().splitlines() if line.startswith(b"{")]
    audit = [line for line in lines if line.get("actor") == "api-token" and line["state"] == "Refused"]
    assert [(line["device"], line["command"], line["reason"]) for line in audit] == [
        ("nobody", "refused-open", "DeviceNotFound"),
        ("d1", "refused-open", "InvalidBody"),
        ("d1", "", "BodyTooLarge"),
    ]


async def test_every_command_is_one_line_of_the_audit(clouded: Gateway) -> None:
    answers = [
        await clouded.ask("POST", "/devices/d1/command", token=CLOUD, json=body(f"a-{number}")) for number in range(30)
    ]
    assert {answer.status for answer in answers} == {202}
    of_token = (await clouded.ask("POST", "/devices/d2/command", json={"command": "stop"})).body["command_id"]
    lines = [orjson.loads(line) for line in clouded.process.log.read_bytes().splitlines() if line.startswith(b"{")]
    audit = {line["command_id"]: line for line in lines if "actor" in line}
    assert [audit[f"a-{number}"]["state"] for number in range(30)] == ["NoSession"] * 30
    line = audit[of_token]
    members = {name: line[name] for name in ("level", "object", "actor", "device", "command", "state")}
    assert members == {
        "level": "info",
        "object": "device d2",
        "actor": "api-token",
        "device": "d2",
        "command": "stop",
        "state": "NoSession",
    }


async def test_without_the_file_no_token_is_the_clouds(gateway: Gateway) -> None:
    assert (await gateway.ask("POST", "/devices/d1/command", token=CLOUD, json=body("m-9"))).status == 401
