"""Alerts that an Alertmanager rejects, and servers that are none. A test server answers: a real one rejects little."""

import json
from pathlib import Path

import pytest
from aiohttp import web

from edge_processor.delivery.destination import AlertsRefusedError, DeliveryError
from tests.edge_processor.sinks.alerts.documents import Firing, alert
from tests.edge_processor.sinks.alerts.managers import destination
from tests.edge_processor.sinks.http.far_end import FarEnd, far_end

pytestmark = pytest.mark.process


class Answers:
    """A server that rejects the alerts of some devices, as an Alertmanager with limits does."""

    def __init__(self, *rejected: str, status: int = 400) -> None:
        self.rejected = rejected
        self.status = status

    async def __call__(self, _request: web.Request, content: bytes) -> web.StreamResponse:
        devices = {each["labels"]["device_id"] for each in json.loads(content)}
        everything = "*" in self.rejected
        if everything or devices & set(self.rejected):
            return web.Response(status=self.status, text='{"message": "too long"}')
        return web.Response()


async def test_one_alert_that_is_rejected_is_found_by_halves(tmp_path: Path) -> None:
    store = Firing()
    async with far_end(tmp_path) as end:
        await restart_plain(end)
        end.answer = Answers("pump-5")
        async with destination(f"http://127.0.0.1:{end.port}", store, repeat_seconds=3600) as sink:
            with pytest.raises(AlertsRefusedError) as refused:
                await sink.send_alerts([alert(f"pump-{number}", number=number) for number in range(8)])
    assert refused.value.refused == ((5, '400 Bad Request ({"message": "too long"})'),)
    taken = [[each["labels"]["device_id"] for each in json.loads(body)] for *_, body in end.requests]
    assert ["pump-4"] in taken
    assert ["pump-6", "pump-7"] in taken


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 302])
async def test_a_server_that_rejects_everything_loses_nothing(tmp_path: Path, status: int) -> None:
    store = Firing()
    async with far_end(tmp_path) as end:
        await restart_plain(end)
        end.answer = Answers("*", status=status)
        async with destination(f"http://127.0.0.1:{end.port}", store, repeat_seconds=3600) as sink:
            with pytest.raises(DeliveryError):
                await sink.send_alerts([alert("pump-1")])
            assert not sink.connected.is_set()
            assert sink.last_error


async def restart_plain(end: FarEnd) -> None:
    await end.stop()
    await end.start(tls=False)
