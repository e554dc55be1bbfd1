"""Nothing that a cloud answers ends the task that asks it for commands."""

import asyncio
import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from edge_logs import AUDIT
from edge_processor.cloud_commands.command import CloudCommand, CommandResult
from edge_processor.cloud_commands.https import HttpsSource
from edge_processor.delivery.destination import DeliveryError
from edge_processor.metrics import ProcessorMetrics
from edge_processor.sinks.http.credentials import CredentialFiles
from edge_processor.sinks.http.endpoint import Endpoint
from edge_processor.sinks.http.session import HttpSession
from tests.edge_processor.cloud_commands.cloud import cloud, expiring

BODIES = 10_000

json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=4,
)
commands = st.dictionaries(
    st.sampled_from(["device_id", "command_id", "command", "params", "expires_at", "more"]),
    json | st.sampled_from(["pump-1", "m-1", "..", "a/b"]),
)


def _dumped(document: Any) -> bytes:
    try:
        return orjson.dumps(document)
    except TypeError:
        return b"{}"


KINDS: dict[str, st.SearchStrategy[bytes]] = {
    "bytes": st.binary(max_size=200) | st.text(max_size=100).map(str.encode),
    "JSON": json.map(_dumped),
    "commands": st.lists(commands, max_size=3).map(lambda found: _dumped({"commands": found})),
    "levels": st.integers(1, 3000).map(lambda depth: b'{"commands":' + b"[" * depth + b"]" * depth + b"}"),
}
"""Of bodies: a quarter of the examples each."""


def source() -> HttpsSource:
    session = HttpSession(Endpoint("https://127.0.0.1:1", CredentialFiles(None)))
    return HttpsSource(session, "ns/site", 1.0, ProcessorMetrics(CollectorRegistry()))


@pytest.fixture(scope="module", autouse=True)
def quiet() -> Iterator[None]:
    """Log no line for each body."""
    loggers = [logging.getLogger(f"edge_processor.cloud_commands.{name}") for name in ("https", "audit")]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    yield
    for logger in loggers:
        logger.setLevel(logging.NOTSET)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=BODIES // len(KINDS), suppress_health_check=list(HealthCheck), deadline=None)
@given(data=st.data())
def test_any_body_is_commands_or_an_error_of_the_cloud(kind: str, data: st.DataObject) -> None:
    body = data.draw(KINDS[kind])
    found: list[CloudCommand] = []
    # What the task catches: it asks again after a pause.
    with contextlib.suppress(DeliveryError):
        found = ANY._commands(body)  # noqa: SLF001 - ten thousand times without a server
    assert all(each.device_id and each.command_id for each in found)


ANY = source()


ANSWERS: list[tuple[int, bytes]] = [
    (200, b""),
    (200, b"\xff"),
    (200, b"[]"),
    (200, b"null"),
    (200, b'{"commands":{}}'),
    (200, b'{"commands":[null,1,"x",[],{},{"device_id":"d1"},{"command_id":"c"}]}'),
    (200, b"[" * 100_000),
    (200, b"x" * 2 * 1024 * 1024),
    (204, b""),
    (201, b"{}"),
    (301, b""),
    (400, b""),
    (401, b""),
    (404, b""),
    (429, b""),
    (500, b"oh no"),
]


async def test_after_every_wrong_answer_it_asks_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with cloud(tmp_path) as far:
        answers = list(ANSWERS)
        caplog.set_level(logging.WARNING, "edge_processor.cloud_commands.audit")

        async def garbage(_request: web.Request, _content: bytes) -> web.StreamResponse:
            if answers:
                status, body = answers.pop(0)
                return web.Response(status=status, body=body, headers={"Location": "/x", "Retry-After": "0"})
            found = [{"device_id": "d1", "command_id": "good", "command": "x", "expires_at": expiring(60)}]
            return web.json_response({"commands": found})

        far.end.answer = garbage
        registry = CollectorRegistry()
        session = HttpSession(Endpoint(far.end.url, CredentialFiles(tmp_path / "credentials")))
        async with HttpsSource(session, "ns/site", 0.2, ProcessorMetrics(registry)) as asked, asyncio.timeout(60):
            (command,) = await asked.receive()
        assert command.key == ("d1", "good")
        assert answers == []
        figure = registry.get_sample_value("edge_processor_cloud_commands_total", {"result": "malformed"})
        assert figure == 7.0
        audit = [getattr(line, AUDIT) for line in caplog.records if hasattr(line, AUDIT)]
        assert [(line["device"], line["command_id"]) for line in audit] == [("", "")] * 5 + [("d1", ""), ("", "c")]
        assert {(line["actor"], line["state"], line["reason"]) for line in audit} == {("cloud", "Refused", "Malformed")}


@pytest.mark.parametrize("status", [400, 404, 409, 410, 413, 422])
async def test_a_result_that_the_cloud_rejects_ends_nothing(tmp_path: Path, status: int) -> None:
    async with cloud(tmp_path) as far:
        far.send("d1", "m-1")
        session = HttpSession(Endpoint(far.end.url, CredentialFiles(tmp_path / "credentials")))
        async with HttpsSource(session, "ns/site", 0.2, ProcessorMetrics(CollectorRegistry())) as asked:
            (command,) = await asked.receive()

            async def rejects(_request: web.Request, _content: bytes) -> web.StreamResponse:
                return web.Response(status=status)

            far.end.answer = rejects
            async with asyncio.timeout(10):
                await asked.answer(command, CommandResult("Acked"))


async def test_a_result_waits_for_a_cloud_that_cannot_take_it(tmp_path: Path) -> None:
    from edge_processor.cloud_commands.command import CommandResult  # noqa: PLC0415

    async with cloud(tmp_path) as far:
        far.send("d1", "m-1")
        session = HttpSession(Endpoint(far.end.url, CredentialFiles(tmp_path / "credentials")))
        async with HttpsSource(session, "ns/site", 0.5, ProcessorMetrics(CollectorRegistry())) as asked:
            (command,) = await asked.receive()
            await far.end.stop()
            answering = asyncio.create_task(asked.answer(command, CommandResult("Acked", "ok", 7)))
            await asyncio.sleep(0.5)
            assert not answering.done()
            far.fails = 3
            await far.end.start()
            assert await far.result("d1", "m-1") == {"state": "Acked", "status": "ok", "result": 7}
            await answering
        assert far.sites == {"ns/site"}
