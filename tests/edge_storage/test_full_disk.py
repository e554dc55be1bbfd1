"""On a full disk the store says so, keeps nothing by halves, stays readable, and recovers by itself."""

from typing import Any

import aiohttp

from edge_storage.database.connections import FILE
from tests.edge_storage.running import RECEIVED_AT, RunningStore, ask, eventually, message, request

UNAVAILABLE = 503
PER_REQUEST = 50


async def test_a_full_disk(running: RunningStore, http: aiohttp.ClientSession) -> None:
    stored = 0
    seq = 0
    assert (await _send(running, http, seq))[0] == 200
    stored += PER_REQUEST
    running.limit_files((running.directory / FILE).stat().st_size + 200_000)

    for seq in range(1, 200):
        status, said = await _send(running, http, seq)
        if status != 200:
            break
        stored += PER_REQUEST

    assert (status, said["reason"]) == (UNAVAILABLE, "StoreUnavailable")
    assert "the database cannot be written" in said["detail"]
    assert "was not stored" in said["detail"]
    status, said = await ask(http, "GET", f"{running.url}/ready")
    assert (status, "cannot be written" in said["waiting_for"][0]) == (UNAVAILABLE, True)
    assert (await ask(http, "GET", f"{running.url}/health"))[0] == 200
    assert await _count(running, http) == stored

    running.limit_files(2**30)

    async def ready() -> bool:
        return (await ask(http, "GET", f"{running.url}/ready"))[0] == 200

    await eventually(ready)
    assert (await _send(running, http, seq))[0] == 200
    assert await _count(running, http) == stored + PER_REQUEST


async def test_the_arrivals_on_a_full_disk_are_those_of_the_last_commit(
    running: RunningStore, http: aiohttp.ClientSession
) -> None:
    running.limit_files((running.directory / FILE).stat().st_size + 200_000)
    last, status = "", 200
    for seq in range(200):
        received_at = f"2026-01-31T12:{seq // 60:02}:{seq % 60:02}.000Z"
        status, _ = await _send(running, http, seq, received_at)
        if status != 200:
            break
        last = received_at

    assert (status, bool(last)) == (UNAVAILABLE, True)
    assert await ask(http, "GET", f"{running.url}/v1/arrivals") == (200, {"arrivals": {"pump-1": last}})


async def _send(
    running: RunningStore, http: aiohttp.ClientSession, seq: int, received_at: str = RECEIVED_AT
) -> tuple[int, Any]:
    readings = [
        {
            "sensor_type": "t",
            "value": 1,
            "session": "s",
            "seq": seq * PER_REQUEST + number,
            "metadata": {"x": "y" * 200},
        }
        for number in range(PER_REQUEST)
    ]
    return await ask(
        http, "POST", f"{running.url}/v1/readings", request(message("pump-1", readings)) | {"received_at": received_at}
    )


async def _count(running: RunningStore, http: aiohttp.ClientSession) -> int:
    count, before = 0, ""
    while True:
        status, page = await ask(http, "GET", f"{running.url}/v1/readings?limit=1000{before}")
        assert status == 200
        count += len(page["readings"])
        if page["next"] is None:
            return count
        before = f"&before={page['next']}"
