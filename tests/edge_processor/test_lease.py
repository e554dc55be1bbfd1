"""The ingester's lease against the real store."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from e2e.cluster.ports import free_ports
from edge_processor.lease import LeaseKeeper, LeaseLostError
from edge_service.store import StoreClient
from tests.edge_service.process import ServiceProcess
from tests.support.child import HOST

TTL = 1.0
SECONDS = 10.0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ServiceProcess]:
    (port,) = free_ports(1)
    process = ServiceProcess("edge_storage", tmp_path, "store", {"STORAGE_PATH": str(tmp_path), "PORT": str(port)})
    process.start().await_ready()
    yield process
    process.kill()


@asynccontextmanager
async def keeper(store: ServiceProcess, holder: str) -> AsyncIterator[LeaseKeeper]:
    url = f"http://{HOST}:{store.environment['PORT']}"
    async with StoreClient(url, timeout_seconds=TTL / 2, attempts=1) as client:
        yield LeaseKeeper(client, holder, TTL)


async def test_a_standby_gets_it_when_it_is_given_back(store: ServiceProcess) -> None:
    async with keeper(store, "first") as first, keeper(store, "second") as second:
        lease = await first.take()
        waiting = asyncio.create_task(second.take())
        await asyncio.wait({waiting}, timeout=0.2)
        assert not waiting.done()
        await first.release(lease)
        async with asyncio.timeout(SECONDS):
            assert (await waiting).token == lease.token + 1


async def test_while_it_is_kept_nobody_else_gets_it(store: ServiceProcess) -> None:
    async with keeper(store, "first") as first, keeper(store, "second") as second:
        keeping = asyncio.create_task(first.keep(await first.take()))
        waiting = asyncio.create_task(second.take())
        done, _ = await asyncio.wait({keeping, waiting}, timeout=3 * TTL)
        assert not done
        keeping.cancel()
        async with asyncio.timeout(2 * TTL + 1):
            await waiting


async def test_whoever_slept_through_its_end_has_lost_it(store: ServiceProcess) -> None:
    async with keeper(store, "first") as first, keeper(store, "second") as second:
        lease = await first.take()
        async with asyncio.timeout(SECONDS):
            kept = asyncio.create_task(second.keep(await second.take()))
        valid = asyncio.create_task(first.valid())
        with pytest.raises(LeaseLostError, match="second is the ingester now"):
            async with asyncio.timeout(SECONDS):
                await first.keep(lease)
        assert not valid.done()
        for task in (kept, valid):
            task.cancel()


async def test_a_store_that_is_away_makes_it_neither_valid_nor_lost(store: ServiceProcess) -> None:
    async with keeper(store, "first") as first:
        keeping = asyncio.create_task(first.keep(await first.take()))
        async with asyncio.timeout(0.1):
            await first.valid()
        store.kill()
        await asyncio.sleep(TTL + 0.1)
        valid = asyncio.create_task(first.valid())
        done, _ = await asyncio.wait({keeping, valid}, timeout=TTL)
        assert not done
        store.start()
        async with asyncio.timeout(SECONDS):
            await valid
        assert not keeping.done()
        keeping.cancel()


async def test_it_is_taken_whenever_the_store_comes(store: ServiceProcess) -> None:
    store.kill()
    async with keeper(store, "first") as first:
        taking = asyncio.create_task(first.take())
        await asyncio.wait({taking}, timeout=0.3)
        assert first.answered_at is None
        store.start()
        async with asyncio.timeout(SECONDS):
            assert (await taking).token > 0
        assert first.answered_at is not None
