"""The store's client against the real store."""

import datetime as dt
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import orjson
import pytest

from e2e.cluster.ports import free_ports
from edge_service.store import StoreClient, StoreRefusedError
from edge_wire.store import FencedError, LeaseHeldError, RawMessage, StoreUnavailableError
from tests.edge_service.process import ServiceProcess
from tests.support.child import HOST

pytestmark = pytest.mark.process

NOW = dt.datetime(2026, 11, 25, 12, tzinfo=dt.UTC)
RULE = {"name": "hot", "sensorType": "temperature", "above": 80, "severity": "Warning"}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    here: Path = tmp_path_factory.mktemp("store")
    process = ServiceProcess("edge_storage", here, "store", {"STORAGE_PATH": str(here)})
    process.start().await_ready()
    yield process
    assert process.stop() == 0


@pytest.fixture
async def client(store: ServiceProcess) -> AsyncIterator[StoreClient]:
    async with StoreClient(f"http://{HOST}:{store.port}/") as made:
        yield made


def reading(value: float, seq: int, session: str = "s") -> bytes:
    return orjson.dumps({"sensor_type": "temperature", "value": value, "session": session, "seq": seq})


async def test_what_is_stored_is_answered_and_read_again(client: StoreClient) -> None:
    twice = RawMessage("d1", reading(20, 1), NOW)
    stored = await client.store([twice, twice, RawMessage("d2", b"{", NOW)], location="hall")
    assert [(result.accepted, result.duplicates) for result in stored.results] == [(1, 0), (0, 1), (0, 0)]
    assert stored.results[2].rejected[0].reason == "json"
    (processed,) = stored.readings
    assert (processed["device_id"], processed["location"], processed["seq"]) == ("d1", "hall", 1)
    page = await client.readings("d1")
    assert page.items[0]["offset"] == processed["offset"]
    assert page.next is None
    assert (await client.dead_letters()).items[0]["device_id"] == "d2"
    assert set((await client.arrivals())["arrivals"]) >= {"d1"}


async def test_answer_without_readings_has_every_result(client: StoreClient) -> None:
    messages = [RawMessage("lean", reading(20, 1), NOW), RawMessage("lean", b"{", NOW)]
    stored = await client.store(messages, location="hall", readings=False)
    assert [(result.accepted, len(result.rejected)) for result in stored.results] == [(1, 0), (0, 1)]
    assert stored.readings == ()
    assert [item["seq"] for item in (await client.readings("lean")).items] == [1]


async def test_pages_follow_each_other(client: StoreClient) -> None:
    for seq in range(5):
        await client.store([RawMessage("paged", reading(1, seq), NOW)], location="")
    first = await client.readings("paged", limit=3)
    second = await client.readings("paged", limit=3, before=first.next)
    assert [item["seq"] for item in (*first.items, *second.items)] == [4, 3, 2, 1, 0]


async def test_the_lease_has_one_holder_and_fences_the_former(client: StoreClient) -> None:
    first = await client.acquire_lease("first", 30)
    assert await client.acquire_lease("first", 30) == first
    with pytest.raises(LeaseHeldError) as held:
        await client.acquire_lease("second", 30)
    assert held.value.holder == "first"
    assert 0 < held.value.expires_in_seconds <= 30
    await client.release_lease("first", first.token)
    second = await client.acquire_lease("second", 30)
    assert second.token > first.token
    with pytest.raises(FencedError):
        await client.store([RawMessage("d1", reading(1, 99), NOW)], location="", token=first.token)
    with pytest.raises(FencedError):
        await client.put_rules([RULE], token=first.token)
    with pytest.raises(FencedError):
        await client.alerts_sent([1], token=first.token)
    await client.release_lease("second", second.token)


async def test_alerts_wait_until_they_are_sent(client: StoreClient) -> None:
    lease = await client.acquire_lease("alerts", 30)
    await client.put_rules([RULE], token=lease.token)
    await client.store([RawMessage("hot", reading(90, 1), NOW)], location="", token=lease.token)
    (waiting,) = await client.alerts_to_send()
    assert (waiting.alert["device_id"], waiting.alert["threshold"]) == ("hot", 80)
    await client.alerts_sent([waiting.id], token=lease.token)
    assert await client.alerts_to_send() == ()
    assert (await client.alerts("hot")).items[0]["rule"] == "hot"
    await client.release_lease("alerts", lease.token)


async def test_a_wrong_request_is_no_outage(client: StoreClient) -> None:
    lease = await client.acquire_lease("rules", 30)
    with pytest.raises(StoreRefusedError, match="422"):
        await client.put_rules([{"name": "x"}], token=lease.token)
    await client.release_lease("rules", lease.token)


async def test_a_store_that_is_not_there_is_named() -> None:
    (port,) = free_ports(1)
    async with StoreClient(f"http://{HOST}:{port}", attempts=2) as client:
        with pytest.raises(StoreUnavailableError, match=f"http://{HOST}:{port} cannot be reached"):
            await client.arrivals()


async def test_something_else_is_no_store(store: ServiceProcess) -> None:
    async with StoreClient(f"http://{HOST}:{store.port}/metrics?", attempts=1) as client:
        with pytest.raises(StoreUnavailableError, match="check STORAGE_URL"):
            await client.arrivals()
