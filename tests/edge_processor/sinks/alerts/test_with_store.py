"""Alerts of a real store in a real Alertmanager: over a crash of the Alertmanager and a restart of the processor."""

import asyncio
import datetime as dt
from pathlib import Path

import orjson
import pytest

from edge_processor.settings import ProcessorSettings
from edge_processor.sinks.alerts import alertmanager_destination
from edge_service.store import StoreClient
from edge_wire.store import RawMessage
from tests.edge_processor.sinks.alerts.managers import delivered, running, until_firing
from tests.edge_processor.site import RULES
from tests.edge_storage.running import RunningStore
from tests.support.alertmanager import Alertmanager

pytestmark = pytest.mark.process


class Site:
    """A store with its rules, and a cursor of alerts as the sink has it."""

    def __init__(self, store: StoreClient, token: int) -> None:
        self.store = store
        self._token = token
        self._after = 0

    async def measure(self, device_id: str, value: float, location: str) -> None:
        payload = orjson.dumps({"sensor_type": "temperature", "value": value, "location": location})
        message = RawMessage(device_id, payload, dt.datetime.now(dt.UTC))
        await self.store.store([message], location="hall-1", token=self._token)

    async def deliver(self, sink: object) -> None:
        waiting, _ = await self.store.alerts_log(self._after, 100)
        assert waiting
        await delivered(sink, *waiting)  # type: ignore[arg-type]
        self._after = waiting[-1].id


async def test_alerts_of_the_store_fire_and_resolve(manager: Alertmanager, tmp_path: Path) -> None:
    directory = tmp_path / "data"
    directory.mkdir()
    async with RunningStore(directory) as served, StoreClient(served.url) as store:
        lease = await store.acquire_lease("test", 60)
        await store.put_rules(RULES["rules"], token=lease.token)
        site = Site(store, lease.token)
        settings = ProcessorSettings(alertmanager_url=f"{manager.url}/", edge_namespace="factory", edge_site="berlin")
        async with running(alertmanager_destination(settings, store)) as sink:
            for device in ("pump-1", "pump-2"):
                await site.measure(device, 93.5, "hall-1")
            await site.deliver(sink)
            await until_firing(manager, {"pump-1", "pump-2"})
            await asyncio.to_thread(manager.kill)
            await site.measure("pump-2", 20.0, "hall-2")
            waiting = asyncio.create_task(site.deliver(sink))
            await asyncio.to_thread(manager.start)
            await waiting
            await until_firing(manager, {"pump-1"})
        await site.measure("pump-1", 20.0, "hall-2")
        await site.measure("pump-3", 93.5, "hall-1")
        async with running(alertmanager_destination(settings, store)) as sink:
            await until_firing(manager, {"pump-1", "pump-3"})
            await site.deliver(sink)
            await until_firing(manager, {"pump-3"})
