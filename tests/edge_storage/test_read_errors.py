"""A segment that cannot be opened now is not damage: the store answers 503, and returns its readings afterwards."""

import resource
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from edge_service.store import StoreClient
from edge_wire.store import StoreUnavailableError
from tests.edge_storage.running import RunningStore, ask, eventually, message, request

UNAVAILABLE = 503
PER_REQUEST = 5000
SEGMENT_READINGS = 65_536


async def test_a_segment_that_cannot_be_opened_is_no_gap(running: RunningStore, http: aiohttp.ClientSession) -> None:
    readings = [{"sensor_type": "t", "value": 1}] * PER_REQUEST
    url, stored = f"{running.url}/v1", 0
    while stored < SEGMENT_READINGS:
        assert (await ask(http, "POST", f"{url}/readings", request(message("pump-1", readings))))[0] == 200
        stored += PER_REQUEST

    async def is_sealed() -> bool:
        _, page = await ask(http, "GET", f"{url}/storage")
        return bool(page["newest_offset"] == stored and page["segments"] > 0)

    await eventually(is_sealed)
    before = allow_no_more_files(running.process.pid)
    found: list[tuple[int, Any]] = [
        await ask(http, "GET", f"{url}/{path}")
        for path in ("log?limit=10", "log?limit=10", "readings?device_id=pump-1&order=asc&limit=10")
    ]
    resource.prlimit(running.process.pid, resource.RLIMIT_NOFILE, before)

    assert [(status, said and said["reason"]) for status, said in found] == [(UNAVAILABLE, "StoreUnavailable")] * 3
    async with http.get(f"{url}/log?limit=10") as response:
        lines = (await response.read()).splitlines()
    assert len(lines) == 10
    async with http.get(f"{running.url}/metrics") as response:
        assert "edge_storage_damaged_chunks_total 0.0" in await response.text()


async def test_the_use_of_the_disk_that_cannot_be_read_is_503_with_the_cause(
    running: RunningStore, http: aiohttp.ClientSession
) -> None:
    url = f"{running.url}/v1/storage"
    async with StoreClient(running.url) as client:
        # Both have a connection: the process can accept no further one.
        await client.storage()
        assert (await ask(http, "GET", url))[0] == 200
        before = allow_no_more_files(running.process.pid)
        try:
            async with http.get(url) as response:
                kind, status, problem = response.content_type, response.status, await response.json()
            with pytest.raises(StoreUnavailableError, match="Too many open files"):
                await client.storage()
        finally:
            resource.prlimit(running.process.pid, resource.RLIMIT_NOFILE, before)
        assert (kind, status, problem["reason"]) == ("application/problem+json", UNAVAILABLE, "StoreUnavailable")
        assert "Too many open files" in problem["detail"]
        assert (await client.storage())["newest_offset"] == 0


def allow_no_more_files(pid: int) -> tuple[int, int]:
    """Let the process open no file beside those that it has, and return its limits before."""
    used = {int(each.name) for each in Path(f"/proc/{pid}/fd").iterdir()}
    lowest = next(number for number in range(len(used) + 1) if number not in used)
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (lowest, before[1]))
    return before
