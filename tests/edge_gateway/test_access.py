"""Who is let in and who is not, against a real broker, which has the passwords."""

import asyncio
import json
import ssl
from pathlib import Path

import aiohttp
import pytest

from tests.edge_gateway.certificates import write_certificate
from tests.edge_gateway.gateways import TOKEN, Gateway, Gateways
from tests.edge_processor.site import Site
from tests.support.child import HOST

READING = {"sensor_type": "temperature", "value": 1}
PROGRAMS = [
    ("GET", "/devices"),
    ("GET", "/devices/d1"),
    ("GET", "/devices/d1/status"),
    ("GET", "/devices/d1/readings"),
    ("GET", "/alerts"),
    ("GET", "/dead-letters"),
    ("DELETE", "/dead-letters?reason=json"),
    ("GET", "/dead-letters/1"),
    ("DELETE", "/dead-letters/1"),
    ("POST", "/dead-letters/1/resend"),
    ("POST", "/devices/d1/command"),
    ("GET", "/devices/d1/commands/" + "0" * 32),
]
DEVICES = [
    ("POST", "/devices/d1/data"),
    ("POST", "/devices/d1/status"),
    ("GET", "/devices/d1/commands"),
    ("POST", "/devices/d1/commands/" + "0" * 32 + "/ack"),
]


@pytest.mark.parametrize(("method", "path"), PROGRAMS + DEVICES)
@pytest.mark.parametrize(
    "header", [None, "Bearer wrong", "Bearer", "Basic !", "Digest x", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}"]
)
async def test_g8_without_the_token_nobody_gets_anything(
    gateway: Gateway, method: str, path: str, header: str | None
) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = await gateway.ask(method, path, token=None, headers=headers, json={})
    assert answer.status == 401
    assert 'Bearer realm="' in answer.headers["WWW-Authenticate"]
    assert ("Basic realm" in answer.headers["WWW-Authenticate"]) is ((method, path) in DEVICES)
    assert answer.body["reason"] == "Unauthorized"
    assert TOKEN not in str(answer.body)


@pytest.mark.parametrize("path", ["/health", "/ready", "/metrics"])
async def test_probes_need_nothing(gateway: Gateway, path: str) -> None:
    assert (await gateway.ask("GET", path, token=None)).status == 200


async def test_a_device_does_what_devices_do_with_its_password(gateway: Gateway) -> None:
    assert (await gateway.ask("POST", "/devices/d1/data", json=READING, device="d1")).status == 200
    assert (await gateway.ask("POST", "/devices/d1/status", json={"status": "online"}, device="d1")).status == 200
    assert (await gateway.ask("GET", "/devices/d1/commands", device="d1")).status == 200


@pytest.mark.parametrize(("method", "path"), PROGRAMS)
async def test_g8_a_device_does_not_do_what_programs_do(gateway: Gateway, method: str, path: str) -> None:
    answer = await gateway.ask(method, path, device="d1", json={})
    assert (answer.status, answer.body["reason"]) == (403, "DevicesNotAllowed")


@pytest.mark.parametrize("name", ["d2", "~gateway", "~operator", "nobody"])
async def test_g8_nobody_acts_for_another_device(gateway: Gateway, name: str) -> None:
    answer = await gateway.ask("POST", "/devices/d1/data", json=READING, device=name)
    assert (answer.status, answer.body["reason"]) == (403, "OtherDevice")


async def test_g8_wrong_passwords_are_refused_then_not_even_looked_at(gateway: Gateway, site: Site) -> None:
    wrong = {"Authorization": aiohttp.encode_basic_auth("d3", "wrong")}
    statuses = [
        (await gateway.ask("POST", "/devices/d3/data", json=READING, token=None, headers=wrong)).status
        for _ in range(12)
    ]
    assert statuses == [401] * 10 + [429] * 2
    limited = await gateway.ask("POST", "/devices/d3/data", json=READING, token=None, headers=wrong)
    assert 1 <= int(limited.headers["Retry-After"]) <= 61
    assert (await gateway.ask("POST", "/devices/d4/data", json=READING, device="d4")).status == 200
    # The broker's log says each thing twice: it goes to a file and to its output.
    assert site.broker.log.read_text().count("not authorised") == 2 * 10
    assert await gateway.figure("edge_gateway_logins_total", kind="device", result="limited") == 3.0


async def test_a_login_over_http_leaves_the_devices_own_session_alone(gateway: Gateway, site: Site) -> None:
    async with site.device("d5") as session:
        for _ in range(3):
            assert (await gateway.ask("POST", "/devices/d5/data", json=READING, device="d5")).status == 200
        await session.publish("devices/d5/data", b"{}")
        assert session.connects == 1


async def test_many_requests_of_a_device_ask_the_broker_now_and_then(gateway: Gateway, site: Site) -> None:
    before = site.broker.log.read_text().count("u'd6'")
    answers = await asyncio.gather(
        *(gateway.ask("POST", "/devices/d6/data", json=READING, device="d6") for _ in range(40))
    )
    assert {answer.status for answer in answers} == {200}
    # The broker's log says each thing twice: it goes to a file and to its output.
    assert site.broker.log.read_text().count("u'd6'") - before <= 2 * 8


ROLES = [
    ("reader", "GET", "/devices", None),
    ("reader", "GET", "/dead-letters", None),
    ("reader", "GET", "/devices/d1/commands", None),
    ("reader", "POST", "/devices/d1/command", "Operate"),
    ("reader", "POST", "/devices/d1/data", "Operate"),
    ("reader", "POST", "/dead-letters/1/resend", "Operate"),
    ("reader", "DELETE", "/dead-letters?reason=json", "Admin"),
    ("operator", "GET", "/alerts", None),
    ("operator", "POST", "/devices/d1/data", None),
    ("operator", "DELETE", "/dead-letters/1", "Admin"),
    ("admin", "GET", "/devices", None),
    ("admin", "DELETE", "/dead-letters?reason=json", None),
]


@pytest.mark.parametrize(("token", "method", "path", "needed"), ROLES)
async def test_role_of_a_token(gateway: Gateway, token: str, method: str, path: str, needed: str | None) -> None:
    assert (await gateway.ask("POST", "/devices/d1/status", json={"status": "online"}, device="d1")).status == 200
    answer = await gateway.ask(method, path, token=token, json=None if method == "GET" else READING)
    if needed is None:
        assert answer.status == 200, answer.body
        return
    assert (answer.status, answer.body["reason"]) == (403, "RoleNotAllowed")
    assert f"the token {token} has the role " in answer.body["detail"]
    assert f"this needs a token with the role {needed}" in answer.body["detail"]


async def test_the_log_names_the_token_that_changes_something(gateway: Gateway) -> None:
    await gateway.ask("DELETE", "/dead-letters?reason=json", token="admin")
    await gateway.ask("DELETE", "/dead-letters?reason=json", token="reader")
    await gateway.ask("GET", "/dead-letters", token="reader")
    lines = [json.loads(line) for line in gateway.process.log.read_text().splitlines() if line.startswith("{")]
    audit = [(each["token"], each["role"], each["allowed"]) for each in lines if each.get("path") == "/dead-letters"]
    assert audit[-2:] == [("admin", "Admin", True), ("reader", "Read", False)]
    assert "the holder of the token admin deleted" in gateway.process.log.read_text()


async def test_a_new_token_counts_without_a_restart(gateways: Gateways, tmp_path: Path) -> None:
    own = tmp_path / "token"
    own.write_text("first")
    gateway = gateways("gateway-token", API_TOKEN_FILE=str(own))
    assert (await gateway.ask("GET", "/devices", token="first")).status == 200
    (tmp_path / "new").write_text("second\n")
    (tmp_path / "new").replace(own)
    assert (await gateway.ask("GET", "/devices", token="first")).status == 401
    assert (await gateway.ask("GET", "/devices", token="second")).status == 200


async def test_passwords_without_tls_need_leave_and_with_tls_none(gateways: Gateways, tmp_path: Path) -> None:
    write_certificate(tmp_path)
    gateway = gateways(
        "gateway-tls",
        ALLOW_PLAINTEXT_CREDENTIALS="false",
        HTTPS_PORT="0",
        TLS_CERT_FILE=str(tmp_path / "tls.crt"),
        TLS_KEY_FILE=str(tmp_path / "tls.key"),
    )
    refused = await gateway.ask("POST", "/devices/d7/data", json=READING, device="d7")
    assert (refused.status, refused.body["reason"]) == (403, "PlaintextCredentials")
    assert "allowPlaintextCredentials" in refused.body["detail"]
    forged = {"X-Forwarded-Proto": "https"}
    assert (await gateway.ask("POST", "/devices/d7/data", json=READING, device="d7", headers=forged)).status == 403
    trust = ssl.create_default_context(cafile=str(tmp_path / "tls.crt"))
    https = f"https://{HOST}:{gateway.port('HTTPS')}"
    answer = await gateway.ask("POST", "/devices/d7/data", json=READING, device="d7", base=https, ssl=trust)
    assert answer.status == 200
    assert (await gateway.ask("GET", "/devices", base=https, ssl=trust)).status == 200
    assert (await gateway.ask("GET", "/devices")).status == 200, "the token of programs goes without TLS too"
