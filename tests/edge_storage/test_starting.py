"""While a store opens, its server answers: alive, not ready, and 503 to all requests."""

import asyncio
import signal
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from edge_service.metrics import registry
from edge_service.server import HttpServer
from edge_storage.app import make_app
from edge_storage.frames.listener import IngestListener
from edge_storage.frames.store_committer import StoreCommitter
from edge_storage.metrics import StorageMetrics
from edge_storage.store import Store
from tests.edge_storage.lines import lines_of
from tests.edge_storage.running import RunningStore, ask, eventually, message, request

UNAVAILABLE = 503
PER_REQUEST = 5000
SEALED = 65_536

REQUESTS: list[tuple[str, str, Any]] = [
    ("POST", "/v1/readings", request(message("p", {"sensor_type": "t", "value": 1}))),
    ("GET", "/v1/readings", None),
    ("POST", "/v1/lease", {"holder": "a", "ttl_seconds": 1}),
    ("GET", "/v1/storage", None),
    ("GET", "/v1/arrivals", None),
    ("PUT", "/v1/rules", {"rules": []}),
]


async def test_before_it_is_open(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    metrics_registry = registry("edge-storage")
    metrics = StorageMetrics(metrics_registry, tmp_path)
    store = Store(tmp_path, metrics)
    listener = IngestListener("127.0.0.1", 0, StoreCommitter(store, metrics))
    async with HttpServer(make_app(store, metrics, metrics_registry, listener), "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.port}"
        assert (await ask(http, "GET", f"{url}/health"))[0] == 200
        status, said = await ask(http, "GET", f"{url}/ready")
        assert (status, said["waiting_for"]) == (UNAVAILABLE, ["opening the database"])
        for method, path, body in REQUESTS:
            status, said = await ask(http, method, url + path, body)
            assert (status, said["reason"]) == (UNAVAILABLE, "StoreUnavailable"), (method, path)
            assert "the store is starting" in said["detail"]

        assert await asyncio.to_thread(store.open)
        try:
            assert (await ask(http, "GET", f"{url}/ready"))[0] == 200
            answers = [(await ask(http, method, url + path, body))[0] for method, path, body in REQUESTS]
            assert set(answers) <= {200, 204}
        finally:
            await store.close()


@pytest.mark.parametrize("delay_seconds", [0.0, 0.05, 0.15, 0.4])
async def test_killed_while_it_seals(running: RunningStore, http: aiohttp.ClientSession, delay_seconds: float) -> None:
    sent = 0
    while sent < SEALED:
        readings = [
            {"sensor_type": "t", "value": 1, "session": "s", "seq": seq} for seq in range(sent, sent + PER_REQUEST)
        ]
        # An array must fit a message, and a message its limit.
        halves = [readings[index : index + 1000] for index in range(0, PER_REQUEST, 1000)]
        status, _ = await ask(
            http, "POST", f"{running.url}/v1/readings", request(*(message("pump-1", half) for half in halves))
        )
        assert status == 200
        sent += PER_REQUEST
    await asyncio.sleep(delay_seconds)
    await running.end(signal.SIGKILL)

    await running.start()
    status, said = await ask(
        http,
        "POST",
        f"{running.url}/v1/readings",
        request(message("pump-1", readings[:100]), message("pump-1", readings[-100:])),
    )
    assert [each["duplicates"] for each in said["results"]] == [100, 100]

    async def is_sealed() -> bool:
        _, used = await ask(http, "GET", f"{running.url}/v1/storage")
        return bool(used["segments"] == 1)

    await eventually(is_sealed)
    await running.end(signal.SIGKILL)
    stored = lines_of(running.directory)
    assert [(each["offset"], each["seq"]) for each in stored] == [(number + 1, number) for number in range(sent)]
