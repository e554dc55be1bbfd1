"""`/dead-letters`: what a person does with payloads that are not readings; real gateway and store."""

import asyncio
import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

import pytest

from edge_service.store import StoreClient
from edge_wire.store import SinkDeadLetter
from tests.edge_gateway.gateways import LOCATION, TOKEN, Gateway
from tests.edge_processor.site import Site

NOON = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
GOOD = {"sensor_type": "temperature", "value": 21.5, "session": "s", "seq": 1}


@pytest.fixture(autouse=True)
async def known(gateway: Gateway) -> None:
    for device in ("d1", "d2"):
        assert (await gateway.ask("POST", f"/devices/{device}/status", json={"status": "online"})).status == 200
        await gateway.ask("DELETE", f"/dead-letters?device_id={device}", token="admin")


async def letters(gateway: Gateway, query: str = "") -> list[dict[str, Any]]:
    answer = await gateway.ask("GET", f"/dead-letters{query}")
    assert answer.status == 200, answer
    found: list[dict[str, Any]] = answer.body["dead_letters"]
    return found


def log(gateway: Gateway) -> list[str]:
    return [json.loads(line)["message"] for line in gateway.process.log.read_text().splitlines()]


async def test_they_are_listed_by_device_and_reason_in_pages(gateway: Gateway) -> None:
    await gateway.ask("POST", "/devices/d1/data", json=[1, 2, 3])
    await gateway.ask("POST", "/devices/d2/data", data=b"\xff{")

    assert [(each["device_id"], each["reason"]) for each in await letters(gateway, "?device_id=d2")] == [("d2", "utf8")]
    assert {each["text"] for each in await letters(gateway, "?device_id=d1&reason=type")} == {"1", "2", "3"}
    assert (await letters(gateway, "?reason=utf8"))[0]["text"] is None
    first = await gateway.ask("GET", "/dead-letters?limit=2&device_id=d1")
    second = await gateway.ask("GET", f"/dead-letters?limit=2&device_id=d1&cursor={first.body['next']}")
    assert [each["text"] for page in (first, second) for each in page.body["dead_letters"]] == ["3", "2", "1"]
    assert second.body["next"] is None


async def test_a_corrected_one_is_stored_and_the_log_names_the_caller(gateway: Gateway, site: Site) -> None:
    await gateway.ask("POST", "/devices/d1/data", data=b'{"sensor_type":"temperature","value":"21.5"}')
    (letter,) = await letters(gateway, "?device_id=d1")
    path = f"/dead-letters/{letter['id']}"

    refused = await gateway.ask("POST", f"{path}/resend")
    assert (refused.status, refused.body["reason"]) == (422, "NoReading")
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.body["rejected"][0]["reason"] == "type"
    assert (await gateway.ask("GET", path)).body == letter
    sent = await gateway.ask("POST", f"{path}/resend", json=GOOD)
    assert (sent.status, sent.body) == (
        200,
        {"id": letter["id"], "device_id": "d1", "accepted": 1, "duplicates": 0},
    )

    stored = site.ask("/v1/readings?device_id=d1&limit=1")["readings"][0]
    assert (stored["value"], stored["location"]) == (21.5, LOCATION)
    gone = await gateway.ask("GET", path)
    assert (gone.status, gone.body["reason"]) == (404, "DeadLetterNotFound")
    assert f"the holder of the token api-token sent the dead letter {letter['id']} of device d1 again" in log(gateway)


async def test_they_are_deleted_one_by_one_and_together(gateway: Gateway) -> None:
    await gateway.ask("POST", "/devices/d1/data", json=[1, 2, 3])
    (first, *_) = await letters(gateway, "?device_id=d1")

    assert (await gateway.ask("DELETE", f"/dead-letters/{first['id']}", token="admin")).status == 204
    assert (await gateway.ask("DELETE", f"/dead-letters/{first['id']}", token="admin")).body[
        "reason"
    ] == "DeadLetterNotFound"
    early = await gateway.ask("DELETE", "/dead-letters?device_id=d1&before=2000-01-01T00:00:00Z", token="admin")
    assert early.body == {"deleted": 0}
    rest = await gateway.ask("DELETE", "/dead-letters?device_id=d1&reason=type", token="admin")
    assert rest.body == {"deleted": 2}
    assert await letters(gateway, "?device_id=d1") == []
    deleted = "the holder of the token admin deleted 2 dead letters (device d1, reason type, before any, sink any)"
    assert deleted in log(gateway)


@pytest.mark.parametrize(
    ("method", "path", "status", "reason"),
    [
        ("DELETE", "/dead-letters", 422, "InvalidParameter"),
        ("DELETE", "/dead-letters?before=yesterday", 422, "InvalidParameter"),
        ("GET", "/dead-letters/x", 422, "InvalidParameter"),
        ("GET", "/dead-letters/999999", 404, "DeadLetterNotFound"),
        ("POST", "/dead-letters/999999/resend", 404, "DeadLetterNotFound"),
        ("GET", "/dead-letters?cursor=x", 422, "InvalidCursor"),
        ("GET", "/dead-letters?limit=0", 422, "InvalidParameter"),
    ],
)
async def test_every_refusal_is_a_problem(gateway: Gateway, method: str, path: str, status: int, reason: str) -> None:
    answer = await gateway.ask(method, path, token="admin")

    assert (answer.status, answer.body["reason"]) == (status, reason)
    assert answer.headers["Content-Type"] == "application/problem+json"


async def test_they_are_in_the_openapi_document(gateway: Gateway) -> None:
    paths = (await gateway.ask("GET", "/openapi.json", token=None)).body["paths"]

    assert set(paths["/dead-letters"]) == {"get", "delete"}
    assert set(paths["/dead-letters/{number}"]) == {"get", "delete"}
    assert paths["/dead-letters/{number}/resend"]["post"]["requestBody"]["required"] is False


async def test_what_a_sink_rejected_is_shown_and_delivered_again(gateway: Gateway, site: Site) -> None:
    await gateway.ask("POST", "/devices/d2/data", data=b"{")
    async with StoreClient(site.store_url) as store:
        token = (await store.acquire_lease("test", 60)).token
        await store.declare_sinks(["cloud"], [], token)
        line = b'{"device_id":"d2","offset":41}'
        await store.add_sink_dead_letters("cloud", [SinkDeadLetter(41, "d2", NOON, "rejected", "no", line)], token)

        (letter,) = await letters(gateway, "?sink=cloud")
        assert (letter["sink"], letter["offset"], letter["resending"]) == ("cloud", 41, False)
        assert (letter["message"], letter["text"]) == ("no", line.decode())
        assert [each["sink"] for each in await letters(gateway, "?device_id=d2")] == ["cloud", None]

        path = f"/dead-letters/{letter['id']}"
        refused = await gateway.ask("POST", f"{path}/resend", json={"value": 1})
        assert (refused.status, refused.body["reason"]) == (409, "PayloadNotAllowed")
        sent = await gateway.ask("POST", f"{path}/resend")
        assert (sent.status, sent.body["resending"], sent.body["sink"]) == (202, True, "cloud")
        assert (await gateway.ask("GET", path)).body["resending"] is True
        assert [each.id for each in await store.sink_resends("cloud")] == [letter["id"]]

        await store.declare_sinks([], [], token)
        gone = await gateway.ask("POST", f"{path}/resend")
        assert (gone.status, gone.body["reason"]) == (409, "SinkNotFound")
        assert (await gateway.ask("DELETE", "/dead-letters?sink=cloud", token="admin")).body == {"deleted": 1}
        await store.release_lease("test", token)


PAGE = Path(__file__).parents[2] / "docs/troubleshoot.md"


async def test_the_commands_of_the_page_do_what_it_says(gateway: Gateway, site: Site) -> None:
    await gateway.ask("POST", "/devices/boiler-1/status", json={"status": "online"})
    section = PAGE.read_text().partition("## Correct or delete dead letters\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"```console\n(.*?)```", section, re.DOTALL)
    assert len(blocks) == 5
    # kubectl creates and reads the tokens, and forwards the port: tests/node/test_pages.py runs the page in a cluster.
    script = "set -e\n" + "".join(blocks).replace("http://localhost:8080", gateway.url)
    for secret, token in (("plant-api-token", TOKEN), ("plant-token-admin", "admin")):
        script = re.sub(rf"TOKEN=\$\(kubectl get secret {secret} [^\n]*", f"TOKEN={token}", script)
    script = re.sub(r"^kubectl (patch edgesite|wait secret)[^\n]*\n", "", script, flags=re.MULTILINE)
    assert "kubectl" not in script

    shell = await asyncio.create_subprocess_exec("bash", "-c", script, stdout=asyncio.subprocess.PIPE)
    async with asyncio.timeout(60):
        printed, _ = await shell.communicate()

    assert shell.returncode == 0
    assert b'"text":"{\\"sensor_type\\": \\"temperature\\", \\"value\\": \\"21.5\\"}"' in printed
    assert b'"device_id":"boiler-1","accepted":1' in printed
    assert printed.endswith(b'{"deleted":0}')
    assert site.ask("/v1/readings?device_id=boiler-1&limit=1")["readings"][0]["value"] == 21.5
