"""A store in the test's process, with small segments."""

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from edge_storage.ingest.result import StoredMessages
from edge_storage.ingest.storing import store as store_messages
from edge_storage.log.tail import SealLimits
from edge_storage.store import Store
from edge_wire.store import IngestRequest, RawMessage
from tests.edge_storage.observing import Observed
from tests.edge_storage.running import eventually

NOON = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
LIMITS = SealLimits(readings=10)


@asynccontextmanager
async def opened(directory: Path, limits: SealLimits = LIMITS) -> AsyncIterator[tuple[Store, Observed]]:
    observed = Observed()
    store = Store(directory, observed, limits)
    assert await asyncio.to_thread(store.open)
    try:
        yield store, observed
    finally:
        await store.close()


async def send(store: Store, *seqs: int, device_id: str = "pump-1") -> StoredMessages:
    readings = [{"sensor_type": "t", "value": seq, "session": "s", "seq": seq} for seq in seqs]
    messages = tuple(RawMessage(device_id, json.dumps(each).encode(), NOON) for each in readings)
    return await store.write(partial(store_messages, request=IngestRequest(None, "hall", messages), state=store.state))


async def send_until_sealed(store: Store, observed: Observed, count: int = 45) -> None:
    for seq in range(count):
        await send(store, seq)

    async def is_sealed() -> bool:
        return sum(observed.segments) >= count - count % LIMITS.readings

    await eventually(is_sealed)
