"""Whatever a client sends, the example receiver answers, and stores what is valid."""

import asyncio
import base64
import gzip
import hashlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloud_receiver import MAX_BODY_BYTES, create_app

TOKEN = "token"


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as created:
        yield created


@pytest.fixture
def client(tmp_path: Path, runner: asyncio.Runner, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.AsyncClient]:
    monkeypatch.setenv("CLOUD_RECEIVER_DATABASE", str(tmp_path / "cloud.db"))
    monkeypatch.setenv("CLOUD_RECEIVER_TOKEN", TOKEN)
    monkeypatch.setenv("CLOUD_RECEIVER_SYNCHRONOUS", "OFF")
    app = create_app()
    lifespan = app.router.lifespan_context(app)
    runner.run(lifespan.__aenter__())
    transport = httpx.ASGITransport(app)
    # An exception of a route is raised here: the test fails.
    yield httpx.AsyncClient(
        transport=transport,
        base_url="https://receiver",
        headers={"Authorization": f"Bearer {TOKEN}", "Edge-Site": "plant/berlin", "Edge-Log-Id": "a"},
    )
    runner.run(lifespan.__aexit__(None, None, None))


HOSTILE = (
    *(
        b"null",
        b"true",
        b"0",
        b"-1",
        b"1",
        b"7",
        b"1.5",
        b"1e999",
        b"NaN",
        b"9223372036854775807",
        b"9223372036854775808",
    ),
    *(b'""', b'"x"', b'"\\u0000"', b'"\\ud800"', b'"\\ud83d\\ude00"', b'"\xff"', b"[]", b"{}", b"[" * 2000, b"x", b""),
)
values = st.sampled_from(HOSTILE)
readings = st.tuples(values, values, values, values).map(
    lambda each: b'{"device_id":%b,"offset":%b,"alert_id":%b,"state":%b}' % each
)
lines = readings | values | st.just(b'{"device_id":"x","offset":1}') | st.binary(max_size=20)
texts = st.lists(lines, max_size=4).map(b"\n".join)
bodies = st.binary(max_size=40) | texts | texts.map(gzip.compress)


@given(sent=st.lists(st.tuples(bodies, st.booleans(), st.booleans(), st.integers(0, 6)), min_size=20, max_size=20))
@settings(max_examples=500, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.data_too_large])
def test_garbage(runner: asyncio.Runner, client: httpx.AsyncClient, sent: list[tuple[bytes, bool, bool, int]]) -> None:
    """Of 20 bodies in each of 500 examples, one is answered as the others."""
    for body, is_alert, is_gzip, count in sent:
        headers = {"Content-Encoding": "gzip"} if is_gzip else {}
        if count:
            headers["Edge-Lines"] = str(count)
        answer = runner.run(client.post("/alerts" if is_alert else "/readings", content=body, headers=headers))
        assert answer.status_code in (200, 400, 422)
        if answer.status_code != 400:
            rejected = [each["line"] for each in answer.json().get("rejected", [])]
            assert (answer.status_code == 422) == bool(rejected)
            assert rejected == sorted(set(rejected))


@given(body=st.binary(max_size=60) | readings, device=st.text(min_size=1, max_size=5))
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_garbage_as_a_command(runner: asyncio.Runner, client: httpx.AsyncClient, body: bytes, device: str) -> None:
    assert runner.run(client.post("/commands", content=body)).status_code in (201, 409, 422)
    path = f"/commands/{device.encode(errors='replace').hex()}/x/result"
    assert runner.run(client.post(path, content=body)).status_code in (404, 422)


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        pytest.param(b"{}", {"Authorization": "Bearer wrong"}, 401, id="another token"),
        pytest.param(b"{}", {"Authorization": ""}, 401, id="no token"),
        pytest.param(b"x" * (MAX_BODY_BYTES + 1), {}, 413, id="too large"),
        pytest.param(gzip.compress(bytes(64 * 1024 * 1024), 1), {"Content-Encoding": "gzip"}, 413, id="a gzip bomb"),
        pytest.param(gzip.compress(b"{}")[:-4], {"Content-Encoding": "gzip"}, 400, id="half a gzip"),
        pytest.param(gzip.compress(b"{}") * 2, {"Content-Encoding": "gzip"}, 400, id="two members"),
        pytest.param(b"{}", {"Content-Encoding": "br"}, 415, id="another compression"),
        pytest.param(b"{}", {"Content-Digest": "sha-256=:AAAA:"}, 503, id="another digest"),
        pytest.param(b"{}\n{}", {"Edge-Lines": "1"}, 400, id="another number of lines"),
        pytest.param(b"", {"Edge-Lines": "0"}, 200, id="no lines"),
        pytest.param(b"{}", {"Edge-Lines": "1"}, 422, id="no offset"),
    ],
)
def test_what_is_rejected(
    runner: asyncio.Runner, client: httpx.AsyncClient, content: bytes, headers: dict[str, str], status: int
) -> None:
    assert runner.run(client.post("/readings", content=content, headers=headers)).status_code == status


def test_valid_lines_beside_others_are_stored_once(runner: asyncio.Runner, client: httpx.AsyncClient) -> None:
    text = b'{"device_id":"x","offset":5}\nnot JSON\n{"device_id":"y","offset":6}\n'
    body = gzip.compress(text)
    digest = f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
    headers = {"Content-Encoding": "gzip", "Content-Digest": digest}
    for repeated in (0, 2):
        answer = runner.run(client.post("/readings", content=body, headers=headers))
        assert answer.status_code == 422
        found = answer.json()
        assert found["accepted"] == 2
        assert found["repeated"] == repeated
        assert [each["line"] for each in found["rejected"]] == [1]
    other = runner.run(client.post("/readings", content=text, headers={"Edge-Log-Id": "b"}))
    assert other.json()["repeated"] == 0, "offsets of another database are others"
    stats = runner.run(client.get("/stats")).json()
    assert (stats["readings"], stats["repeated"]) == (4, 2)
    of_device = runner.run(client.get("/readings", params={"site": "plant/berlin", "device": "y"})).json()
    assert [each["offset"] for each in of_device] == [6, 6]
    newest = runner.run(client.get("/readings", params={"site": "plant/berlin", "limit": 1})).json()
    assert newest == [{"device_id": "y", "offset": 6}]


def test_commands(runner: asyncio.Runner, client: httpx.AsyncClient) -> None:
    async def story() -> None:
        assert (await client.get("/commands")).status_code == 204
        command = {"site": "plant/berlin", "device_id": "pump-1", "command": "stop", "command_id": "c1"}
        waiting = asyncio.create_task(client.get("/commands", params={"wait": "30s"}))
        await asyncio.sleep(0.05)
        assert (await client.post("/commands", json=command)).status_code == 201
        (found,) = (await waiting).json()["commands"]
        assert found["command"] == "stop"
        assert found["expires_at"].endswith("Z")
        assert (await client.get("/commands")).status_code == 204, "it was sent a moment ago"
        assert (await client.get("/commands", headers={"Edge-Site": "plant/other"})).status_code == 204
        result = {"state": "acknowledged", "result": {"ok": True}}
        assert (await client.post("/commands/pump-1/c1/result", json=result)).status_code == 204
        assert (await client.get("/commands/pump-1/c1")).json()["result"] == result
        assert (await client.post("/commands", json=command)).status_code == 409
        assert (await client.post("/commands", json={"device_id": "pump-1"})).status_code == 422, "of which site?"

    runner.run(story())


def test_a_command_without_a_result_is_sent_again_until_it_expires(
    runner: asyncio.Runner, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def commands() -> AsyncIterator[list[str]]:
        while True:
            answer = await client.get("/commands")
            yield [each["command_id"] for each in answer.json()["commands"]] if answer.content else []

    async def story() -> None:
        for name, expires in (("new", "2100-01-01T00:00:00Z"), ("old", "2020-01-01T00:00:00Z")):
            command = {"site": "plant/berlin", "device_id": "d", "command_id": name, "expires_at": expires}
            assert (await client.post("/commands", json=command)).status_code == 201
        found = commands()
        assert await anext(found) == ["new"]
        assert await anext(found) == []
        monkeypatch.setattr("command_queue.REPEAT_SECONDS", 0.0)
        assert await anext(found) == ["new"]

    runner.run(story())
