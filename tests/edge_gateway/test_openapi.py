"""The OpenAPI document says what the routes answer."""

from typing import Any

import pytest

from tests.edge_gateway.gateways import Gateway

PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


async def document(gateway: Gateway) -> dict[str, Any]:
    found: dict[str, Any] = (await gateway.ask("GET", "/openapi.json", token=None)).body
    return found


async def test_every_error_is_a_problem_and_every_reference_resolves(gateway: Gateway) -> None:
    found = await document(gateway)
    assert {*found["components"]["schemas"]} == {"Problem"}
    for path, operations in found["paths"].items():
        for method, operation in operations.items():
            statuses = {int(status) for status in operation["responses"]}
            if path in ("/health", "/ready", "/metrics"):
                assert statuses <= {200, 503}
                continue
            assert {401, 403, 502, 503} <= statuses, (method, path)
            assert ("requestBody" in operation) == ({400, 408, 413, 415} <= statuses), (method, path)
            for status in statuses:
                if status >= 400:
                    assert operation["responses"][str(status)]["content"] == PROBLEM


@pytest.mark.parametrize(
    ("method", "path", "options", "template"),
    [
        ("GET", "/health", {"token": None}, "/health"),
        ("GET", "/ready", {"token": None}, "/ready"),
        ("GET", "/metrics", {"token": None}, "/metrics"),
        ("GET", "/devices", {}, "/devices"),
        ("GET", "/devices?limit=0", {}, "/devices"),
        ("GET", "/devices", {"token": None}, "/devices"),
        ("GET", "/devices", {"device": "d1"}, "/devices"),
        ("GET", "/devices/none", {}, "/devices/{device_id}"),
        ("GET", "/devices/a%20b", {}, "/devices/{device_id}"),
        ("POST", "/devices/d1/command", {"data": b"["}, "/devices/{device_id}/command"),
        ("POST", "/devices/d17/command?wait=10ms", {"json": {}}, "/devices/{device_id}/command"),
        ("POST", "/devices/d17/command", {"json": {}}, "/devices/{device_id}/command"),
        ("POST", "/devices/d17/command", {"data": b"x" * 300_000}, "/devices/{device_id}/command"),
        (
            "POST",
            "/devices/d17/data",
            {"data": b"{}", "headers": {"Content-Encoding": "br"}},
            "/devices/{device_id}/data",
        ),
        ("DELETE", "/dead-letters/12345", {}, "/dead-letters/{number}"),
        ("GET", "/dead-letters/12345", {}, "/dead-letters/{number}"),
        ("DELETE", "/dead-letters", {}, "/dead-letters"),
        ("POST", "/dead-letters/12345/resend", {}, "/dead-letters/{number}/resend"),
        ("GET", "/devices/d17/readings?every=1x", {}, "/devices/{device_id}/readings"),
        ("GET", "/devices/d17/commands/none", {}, "/devices/{device_id}/commands/{command_id}"),
        ("POST", "/devices/d17/commands/none/ack", {"json": {}}, "/devices/{device_id}/commands/{command_id}/ack"),
    ],
)
async def test_an_answer_is_in_the_document(
    gateway: Gateway, method: str, path: str, options: dict[str, Any], template: str
) -> None:
    await gateway.ask("POST", "/devices/d17/status", json={"status": "online"})
    answer = await gateway.ask(method, path, **options)
    described = (await document(gateway))["paths"][template][method.lower()]["responses"]
    assert str(answer.status) in described, answer
    media_type = answer.headers["Content-Type"].partition(";")[0]
    assert media_type in described[str(answer.status)]["content"]
    if answer.status >= 400 and media_type == "application/problem+json":
        assert {"type", "title", "error", "status", "reason", "detail"} <= set(answer.body)
