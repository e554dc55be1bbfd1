"""Queries by time over HTTP, against the real process, over segments and the tail."""

import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from edge_storage.database.connections import open_writer
from tests.edge_storage.log.logs import add_batch, add_sealed
from tests.edge_storage.log.made_lines import NOON, line
from tests.edge_storage.running import RunningStore, ask

pytestmark = pytest.mark.process

COUNT = 6000
FROM, TO = "2026-01-31T12:00:10Z", "2026-01-31T12:00:20Z"


@pytest.fixture
async def filled(tmp_path: Path) -> AsyncIterator[RunningStore]:
    """Return a store with a reading of pump-1 or pump-2 each 10 ms from noon on; most of them are sealed."""
    directory = tmp_path / "data"
    directory.mkdir()
    lines = [
        line(
            f"pump-{1 + offset % 2}",
            NOON + 10 * offset,
            offset,
            sensor_type="even" if offset % 4 < 2 else "odd",
            value=offset,
        )
        for offset in range(1, COUNT + 1)
    ]
    with contextlib.closing(open_writer(directory)) as connection:
        for begin in range(0, 5000, 500):
            add_sealed(connection, directory, lines[begin : begin + 500])
        add_batch(connection, lines[5000:])
    async with RunningStore(directory) as store:
        yield store


async def get(http: aiohttp.ClientSession, store: RunningStore, query: str) -> dict[str, Any]:
    status, answer = await ask(http, "GET", f"{store.url}/v1/readings?{query}")
    assert status == 200, answer
    found: dict[str, Any] = answer
    return found


@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_pages_of_a_range(filled: RunningStore, http: aiohttp.ClientSession, order: str) -> None:
    query = f"device_id=pump-1&from={FROM}&to={TO}&order={order}&limit=70"
    found: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await get(http, filled, f"{query}{cursor and f'&cursor={cursor}'}")
        assert len(page["readings"]) == 70 or page["next"] is None
        found += [each["offset"] for each in page["readings"]]
        cursor = page["next"]
    expected = list(range(1000, 2000, 2))
    assert found == (expected if order == "asc" else expected[::-1])


async def test_the_default_order_and_the_type(filled: RunningStore, http: aiohttp.ClientSession) -> None:
    oldest = await get(http, filled, "device_id=pump-1&from=2026-01-01T00:00:00Z&limit=2")
    newest = await get(http, filled, "device_id=pump-1&type=odd&limit=2")

    assert [each["offset"] for each in oldest["readings"]] == [2, 4]
    assert [each["offset"] for each in newest["readings"]] == [5998, 5994]
    assert {each["sensor_type"] for each in newest["readings"]} == {"odd"}


async def test_without_parameters_of_time_the_answer_is_as_before(
    filled: RunningStore, http: aiohttp.ClientSession
) -> None:
    first = await get(http, filled, "device_id=pump-1&limit=3")
    second = await get(http, filled, f"device_id=pump-1&limit=1&before={first['next']}")
    assert [each["offset"] for each in first["readings"] + second["readings"]] == [6000, 5998, 5996, 5994]
    assert len((await get(http, filled, ""))["readings"]) == 100


async def test_a_whole_range_as_ndjson(filled: RunningStore, http: aiohttp.ClientSession) -> None:
    url = f"{filled.url}/v1/readings?device_id=pump-2&from=2026-01-31T12:00:00Z"
    async with http.get(url, headers={"Accept": "application/x-ndjson"}) as response:
        body = await response.read()
    assert (response.status, response.content_type) == (200, "application/x-ndjson")
    assert [json.loads(each)["offset"] for each in body.splitlines()] == list(range(1, COUNT + 1, 2))


async def test_buckets(filled: RunningStore, http: aiohttp.ClientSession) -> None:
    query = f"device_id=pump-1&from={FROM}&to={TO}&type=even"
    answer = await get(http, filled, f"{query}&every=2s&agg=max")
    assert answer["next"] is None
    assert [(each["from"][17:], each["value"], each["count"]) for each in answer["buckets"]] == [
        (f"{second}.000Z", second * 100 + 196, 50) for second in range(10, 20, 2)
    ]
    first = await get(http, filled, f"{query}&every=2s&agg=max&limit=3")
    second = await get(http, filled, f"{query}&every=2s&agg=max&limit=3&cursor={first['next']}")
    assert first["buckets"] + second["buckets"] == answer["buckets"]
    assert second["next"] is None


WRONG = [
    (f"from={FROM}", "needs device_id"),
    ("device_id=pump-1&from=noon", "from must be a time as RFC 3339"),
    (f"device_id=pump-1&from={TO}&to={FROM}", "from must be before to"),
    ("device_id=pump-1&order=up", "order must be asc or desc"),
    ("device_id=pump-1&cursor=5", "cursor must be the next"),
    (f"device_id=pump-1&from={FROM}&to={TO}&every=1s&cursor=5", "cursor must be the next"),
    ("device_id=pump-1&from=2020-01-01T00:00:00Z&every=1s", "use a longer every or a shorter range"),
    ("device_id=pump-1&every=1s", "every needs from"),
]


async def test_wrong_queries(filled: RunningStore, http: aiohttp.ClientSession) -> None:
    for query, told in WRONG:
        status, said = await ask(http, "GET", f"{filled.url}/v1/readings?{query}")
        assert (status, said["reason"]) == (422, "Invalid"), query
        assert told in said["detail"]


async def test_a_client_that_stops_reading_a_stream_ends_it(filled: RunningStore, http: aiohttp.ClientSession) -> None:
    url = f"{filled.url}/v1/readings?device_id=pump-2&from=2026-01-31T12:00:00Z"
    for _ in range(5):
        response = await http.get(url, headers={"Accept": "application/x-ndjson"})
        await response.content.readany()
        response.close()
    assert len((await get(http, filled, f"device_id=pump-1&from={FROM}&limit=5"))["readings"]) == 5
    assert [each for each in filled.lines if each["level"] == "error"] == []
