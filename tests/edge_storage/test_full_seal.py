"""A segment that cannot be written: the readings stay in the tail, the store says so, and it recovers by itself."""

import json
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from edge_storage.ingest.storing import store as store_messages
from edge_storage.log.segment_index import segments
from edge_storage.log.tail import SealLimits
from edge_storage.readings import readings
from edge_storage.store import Store
from edge_wire.store import IngestRequest, RawMessage
from tests.edge_storage.opened import NOON, opened
from tests.edge_storage.running import eventually

COUNT = 100


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(tmp_path, SealLimits(readings=COUNT, bytes=2**20)) as (store, _):
        yield store


async def send(store: Store) -> None:
    payload = json.dumps([{"sensor_type": "t", "value": number} for number in range(COUNT)]).encode()
    request = IngestRequest(None, "hall", (RawMessage("pump-1", payload, NOON),))
    await store.write(partial(store_messages, request=request, state=store.state))


async def test_the_tail_is_kept_until_its_segment_can_be_written(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "segments"
    folder.rename(tmp_path / "elsewhere")
    folder.touch()

    await send(store)

    async def told() -> bool:
        return store.problem is not None

    await eventually(told)
    assert "segments cannot be written" in (store.problem or "")
    assert "check the free space on the store's volume" in (store.problem or "")
    await send(store)
    assert await store.read(segments) == []
    page = await store.read(partial(readings, log=store.log, device_id="pump-1", limit=1000, before=10**9))
    assert len(page.items) == 2 * COUNT

    folder.unlink()
    (tmp_path / "elsewhere").rename(folder)

    async def sealed() -> bool:
        return sum(each.count for each in await store.read(segments)) == 2 * COUNT

    await eventually(sealed)
    assert store.problem is None
