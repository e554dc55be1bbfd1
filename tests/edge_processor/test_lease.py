"""The ingester's lease: against the store's own rule on a virtual clock, and against a real store."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from e2e.cluster.ports import free_ports
from edge_processor.lease import LeaseClient, LeaseLostError
from edge_processor.readiness import Readiness
from edge_service.store import StoreClient
from edge_storage.database.connections import open_writer
from edge_storage.lease import Leases
from edge_wire.store import Lease, StoreUnavailableError
from tests.edge_operator.cluster.virtual import now, run_virtual
from tests.edge_service.process import ServiceProcess
from tests.support.child import HOST

TTL = 2.0
SECONDS = 10.0


class Granting(StoreClient):
    """The store's rule of the lease without the way over HTTP, by the running loop's clock; may be away."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__("http://127.0.0.1:1")
        self.is_away = False
        self._connection = connection
        self._leases = Leases(connection, now)

    async def acquire_lease(self, holder: str, ttl_seconds: float) -> Lease:
        if self.is_away:
            raise StoreUnavailableError("the store is away")
        return self._leases.acquire(self._connection, holder, ttl_seconds)


Story = Callable[[Granting], Coroutine[Any, Any, None]]
Play = Callable[[Story], None]


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Play]:
    """Run a story on a virtual clock with an empty database of the store."""
    connection = open_writer(tmp_path)

    async def told(story: Story) -> None:
        async with asyncio.timeout(1000 * TTL):
            await story(Granting(connection))

    yield lambda story: run_virtual(told(story))
    connection.close()


def test_while_it_is_kept_nobody_else_gets_it_and_then_at_its_end(play: Play) -> None:
    async def story(granting: Granting) -> None:
        first, second = (LeaseClient(granting, name, TTL) for name in ("first", "second"))
        keeping = asyncio.create_task(first.renew(await first.acquire()))
        waiting = asyncio.create_task(second.acquire())
        done, _ = await asyncio.wait({keeping, waiting}, timeout=100 * TTL)
        assert not done
        keeping.cancel()
        stopped = now()
        await waiting
        assert TTL / 2 < now() - stopped <= TTL + 0.1

    play(story)


def test_whoever_slept_through_its_end_has_lost_it(play: Play) -> None:
    async def story(granting: Granting) -> None:
        first, second = (LeaseClient(granting, name, TTL) for name in ("first", "second"))
        lease = await first.acquire()
        kept = asyncio.create_task(second.renew(await second.acquire()))
        valid = asyncio.create_task(first.valid())
        with pytest.raises(LeaseLostError, match="second is the ingester now"):
            await first.renew(lease)
        assert not valid.done()
        for task in (kept, valid):
            task.cancel()

    play(story)


def test_a_lease_that_was_anothers_meanwhile_is_lost_though_it_is_free_again(play: Play) -> None:
    async def story(granting: Granting) -> None:
        first, second = (LeaseClient(granting, name, TTL) for name in ("first", "second"))
        lease = await first.acquire()
        granting.is_away = True
        keeping = asyncio.create_task(first.renew(lease))
        await asyncio.sleep(1.1 * TTL)
        granting.is_away = False
        await second.acquire()
        granting.is_away = True
        await asyncio.sleep(1.1 * TTL)
        granting.is_away = False
        with pytest.raises(LeaseLostError, match="token 3"):
            await keeping

    play(story)


def test_the_log_of_a_standby_says_once_that_it_is_one_while_the_store_does_not_answer(
    play: Play, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(granting: Granting) -> None:
        first, second = (LeaseClient(granting, name, TTL) for name in ("first", "second"))
        await first.acquire()
        waiting = asyncio.create_task(second.acquire())
        await asyncio.sleep(TTL / 4)
        granting.is_away = True
        await asyncio.sleep(10 * TTL)
        granting.is_away = False
        await waiting

    with caplog.at_level(logging.WARNING):
        play(story)
    assert [each.getMessage() for each in caplog.records] == [
        "this processor is the standby of first; it asks the store for the ingester's lease again: the store is away"
    ]


def test_a_processor_that_starts_before_the_store_does_not_call_itself_a_standby(
    play: Play, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(granting: Granting) -> None:
        granting.is_away = True
        waiting = asyncio.create_task(LeaseClient(granting, "first", TTL).acquire())
        await asyncio.sleep(10 * TTL)
        granting.is_away = False
        await waiting

    with caplog.at_level(logging.WARNING):
        play(story)
    (record,) = caplog.records
    assert record.getMessage() == (
        "this processor has had no answer of the store yet; it asks the store for the ingester's lease again: the store"
        " is away"
    )


def test_a_store_that_is_away_makes_it_neither_valid_nor_lost(play: Play) -> None:
    async def story(granting: Granting) -> None:
        first = LeaseClient(granting, "first", TTL)
        keeping = asyncio.create_task(first.renew(await first.acquire()))
        begun = now()
        await first.valid()
        assert now() == begun
        granting.is_away = True
        await asyncio.sleep(TTL + 0.1)
        valid = asyncio.create_task(first.valid())
        done, _ = await asyncio.wait({keeping, valid}, timeout=100 * TTL)
        assert not done
        granting.is_away = False
        await valid
        assert not keeping.done()
        keeping.cancel()

    play(story)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ServiceProcess]:
    (port,) = free_ports(1)
    process = ServiceProcess("edge_storage", tmp_path, "store", {"STORAGE_PATH": str(tmp_path), "PORT": str(port)})
    process.start().await_ready()
    yield process
    process.kill()


@asynccontextmanager
async def lease_client(store: ServiceProcess, holder: str) -> AsyncIterator[LeaseClient]:
    """Keep a lease of a real store that is long enough for a slow machine."""
    async with StoreClient(f"http://{HOST}:{store.environment['PORT']}", timeout_seconds=SECONDS, attempts=1) as client:
        yield LeaseClient(client, holder, 60)


@pytest.mark.process
async def test_a_standby_gets_it_when_it_is_given_back(store: ServiceProcess) -> None:
    async with lease_client(store, "first") as first, lease_client(store, "second") as second:
        lease = await first.acquire()
        waiting = asyncio.create_task(second.acquire())
        await asyncio.wait({waiting}, timeout=0.2)
        assert not waiting.done()
        await first.release(lease)
        async with asyncio.timeout(SECONDS):
            assert (await waiting).token == lease.token + 1


@pytest.mark.process
async def test_it_is_taken_whenever_the_store_comes(store: ServiceProcess) -> None:
    store.kill()
    async with lease_client(store, "first") as first:
        taking = asyncio.create_task(first.acquire())
        await asyncio.wait({taking}, timeout=0.3)
        assert first.answered_at is None
        store.start()
        async with asyncio.timeout(3 * SECONDS):
            assert (await taking).token > 0
        assert first.answered_at is not None


def test_whoever_has_just_become_the_ingester_is_not_ready_before_it_has_subscribed(play: Play) -> None:
    async def story(store: Granting) -> None:
        lease_client = LeaseClient(store, "one", TTL)
        readiness = Readiness(lease_client)
        assert readiness.waiting_for() == ["the store"]
        await lease_client.acquire()
        assert readiness.waiting_for() == ["the broker: not connected yet"]
        standby = LeaseClient(store, "two", TTL)
        taking = asyncio.create_task(standby.acquire())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert Readiness(standby).waiting_for() == [], "a standby needs the store alone"
        taking.cancel()
        await asyncio.wait({taking})

    play(story)
