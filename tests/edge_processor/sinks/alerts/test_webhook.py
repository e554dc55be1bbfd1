"""Alerts to a webhook: a real HTTPS server in a process of its own, which is killed."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from e2e.cluster.keeper import tied
from e2e.cluster.ports import free_ports
from edge_processor.delivery.destination import AlertsRefusedError, DeliveryError
from edge_processor.settings import ProcessorSettings
from edge_processor.sinks.alerts import webhook as product
from edge_processor.sinks.alerts import webhook_destination
from edge_processor.sinks.alerts.webhook import Webhook
from tests.edge_processor.sinks.alerts.documents import alert
from tests.edge_processor.sinks.http.far_end import HOST, FarEnd, authority, far_end, server_context
from tests.edge_service.waiting import eventually

pytestmark = pytest.mark.process

PROGRAM = Path(__file__).with_name("webhook_server.py")
MANY = 400


@dataclass
class Server:
    directory: Path
    port: int = field(default_factory=lambda: free_ports(1)[0])
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.port}/hook/geheim"

    def start(self) -> None:
        server_context(self.directory)
        files = [str(self.directory / "server.pem"), str(self.directory / "requests")]
        self.process = subprocess.Popen(tied([sys.executable, str(PROGRAM), str(self.port), *files]))

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(20)

    def requests(self) -> list[dict[str, Any]]:
        file = self.directory / "requests"
        # A server that is killed may have begun a line.
        lines = file.read_text().split("\n")[:-1] if file.exists() else []
        return [json.loads(line) for line in lines]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path)
    made.start()
    yield made
    made.kill()


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    place = tmp_path / "secret"
    place.mkdir()
    (place / "ca.crt").write_text(authority())
    (place / "token").write_text("word")
    return place


@asynccontextmanager
async def destination(url: str, secret: Path) -> AsyncIterator[Webhook]:
    settings = ProcessorSettings(
        webhook_url=url, alerting_credentials_dir=secret, edge_namespace="factory", edge_site="berlin"
    )
    made = webhook_destination(settings)
    running = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def test_the_body_and_the_key(server: Server, secret: Path) -> None:
    first, second = alert("pump-1"), alert("pump-1", "cleared", 2)
    async with destination(server.url, secret) as sink:
        async with asyncio.timeout(20):
            await sink.connected.wait()
        for sent in ([first], [first], [first, second]):
            await sink.send_alerts(sent)
    requests = server.requests()
    keys = [each.pop("key") for each in requests]
    assert keys[0] == keys[1] != keys[2], "the same alerts have the same key"
    assert all(key.startswith("factory/berlin/alerts/") for key in keys)
    expected = {"login": "Bearer word", "version": "1", "namespace": "factory", "site": "berlin"}
    assert requests[0] == {**expected, "alerts": [first.alert]}
    assert requests[2] == {**expected, "alerts": [first.alert, second.alert]}


async def test_kill_9_amid_alerts_loses_none_and_keeps_their_order(server: Server, secret: Path) -> None:
    alerts = [alert(f"pump-{number}", number=number) for number in range(MANY)]

    async def send(sink: Webhook) -> None:
        for start in range(0, MANY, 10):
            while True:
                try:
                    await sink.send_alerts(alerts[start : start + 10])
                except DeliveryError as error:
                    assert "geheim" not in str(error)  # noqa: PT017 - each of many
                    await asyncio.sleep(0.05)
                else:
                    break

    async with destination(server.url, secret) as sink:
        sending = asyncio.create_task(send(sink))
        for count in (MANY // 40, MANY // 20):
            await eventually("some are there", lambda count=count: len(server.requests()) > count)  # type: ignore[misc]
            await asyncio.to_thread(server.kill)
            await eventually("noticed", lambda: not sink.connected.is_set())
            server.start()
        async with asyncio.timeout(60):
            await sending
    received = [each["alert_id"] for request in server.requests() for each in request["alerts"]]
    assert list(dict.fromkeys(received)) == [each.alert["alert_id"] for each in alerts]


async def test_the_connection_is_noticed_without_an_alert(server: Server, secret: Path) -> None:
    async with destination(server.url, secret) as sink:
        await eventually("connected", sink.connected.is_set)
        assert sink.last_error == ""
    assert server.requests() == [], "a check delivers nothing"
    server.kill()
    async with destination(server.url, secret) as sink:
        await eventually("tried", lambda: "cannot be reached" in sink.last_error)
        assert not sink.connected.is_set()
        assert "geheim" not in sink.last_error
        server.start()
        await eventually("connected", sink.connected.is_set)


@pytest.fixture
async def end(tmp_path: Path) -> AsyncIterator[FarEnd]:
    async with far_end(tmp_path) as made:
        yield made


async def test_a_new_token_heals_401(end: FarEnd, secret: Path) -> None:
    async def check(request: web.Request, _content: bytes) -> web.StreamResponse:
        return web.Response(status=200 if request.headers["Authorization"] == "Bearer new" else 401)

    end.answer = check
    async with destination(end.url, secret) as sink:
        await eventually("refused", lambda: "answers 401 Unauthorized: check the Secret" in sink.last_error)
        with pytest.raises(DeliveryError):
            await sink.send_alerts([alert("pump-1")])
        (secret / "token").write_text("new")
        await eventually("connected", sink.connected.is_set)
        await sink.send_alerts([alert("pump-1")])


async def test_a_webhook_that_answers_deliveries_with_errors_is_checked_later(
    end: FarEnd, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(product, "PROBE_SECONDS", 0.05)
    monkeypatch.setattr(product, "CHECK_SECONDS", 1.0)

    async def broken(request: web.Request, _content: bytes) -> web.StreamResponse:
        return web.Response(status=500 if request.method == "POST" else 200)

    end.answer = broken
    async with destination(end.url, secret) as sink:
        await eventually("connected", sink.connected.is_set)
        with pytest.raises(DeliveryError):
            await sink.send_alerts([alert("pump-1")])
        assert not sink.connected.is_set()
        assert "answers 500" in sink.last_error
        await eventually("connected", sink.connected.is_set)


@pytest.mark.parametrize("status", [400, 413, 422])
async def test_one_alert_that_is_rejected_is_found_by_halves(end: FarEnd, secret: Path, status: int) -> None:
    async def picky(request: web.Request, content: bytes) -> web.StreamResponse:
        bad = request.method == "POST" and any(each["device_id"] == "pump-2" for each in json.loads(content)["alerts"])
        return web.Response(status=status if bad else 200, text="no such pump")

    end.answer = picky
    async with destination(end.url, secret) as sink:
        with pytest.raises(AlertsRefusedError) as refused:
            await sink.send_alerts([alert(f"pump-{number}", number=number) for number in range(5)])
        assert refused.value.refused == ((2, f"{status} {HTTPStatus(status).phrase} (no such pump)"),)
        assert sink.connected.is_set()


@pytest.mark.parametrize("status", [400, 413, 422])
@pytest.mark.parametrize("count", [1, 5])
async def test_a_webhook_that_rejects_everything_loses_nothing(
    end: FarEnd, secret: Path, status: int, count: int
) -> None:
    async def rejecting(request: web.Request, _content: bytes) -> web.StreamResponse:
        return web.Response(status=status if request.method == "POST" else 200, text="no such header")

    end.answer = rejecting
    async with destination(end.url, secret) as sink:
        await eventually("connected", sink.connected.is_set)
        with pytest.raises(DeliveryError, match="rejects every request, also without alerts"):
            await sink.send_alerts([alert(f"pump-{number}", number=number) for number in range(count)])
        assert not sink.connected.is_set()
        assert f"{status} {HTTPStatus(status).phrase} (no such header)" in sink.last_error


async def test_a_webhook_that_rejects_all_alerts_of_a_request(end: FarEnd, secret: Path) -> None:
    async def picky(_request: web.Request, content: bytes) -> web.StreamResponse:
        return web.Response(status=400 if content and json.loads(content)["alerts"] else 200)

    end.answer = picky
    async with destination(end.url, secret) as sink:
        with pytest.raises(AlertsRefusedError) as refused:
            await sink.send_alerts([alert("pump-1"), alert("pump-2")])
        assert refused.value.refused == ((0, "400 Bad Request"), (1, "400 Bad Request"))
        assert sink.connected.is_set()


@pytest.mark.parametrize("url", ["ftp://x", "https://user:geheim@x", "x", "https://x/geheim#y"])
def test_a_url_that_is_wrong_is_named_and_not_shown(url: str) -> None:
    with pytest.raises(ValueError, match="WEBHOOK_URL must") as failed:
        webhook_destination(ProcessorSettings(webhook_url=url))
    assert "geheim" not in str(failed.value)
