"""Requests share a transaction, fail alone, and are answered only for what is durable."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from edge_storage.database.connections import FILE, open_reader, open_writer
from edge_storage.database.damage import Damage
from edge_storage.database.writer import Writer
from edge_storage.ingest.state import IngestState
from edge_storage.log.tail import SealLimits
from edge_wire.store import StoreUnavailableError
from tests.edge_storage.observing import Observed
from tests.edge_storage.running import eventually

Work = Callable[[sqlite3.Connection], int]


@pytest.fixture
def watched() -> Observed:
    return Observed()


@pytest.fixture
async def writer(tmp_path: Path, watched: Observed) -> AsyncIterator[Writer]:
    made = Writer(open_writer(tmp_path), watched, IngestState(SealLimits()), Damage(tmp_path / FILE))
    made.start()
    yield made
    if made.is_alive:
        await made.close()


def _keep(name: str, size: int = 1) -> Work:
    def work(connection: sqlite3.Connection) -> int:
        connection.execute("INSERT INTO setting (name, value) VALUES (?, ?)", (name, "x" * size))
        return size

    return work


def _fail(name: str) -> Work:
    def work(connection: sqlite3.Connection) -> int:
        _keep(name)(connection)
        raise LookupError(name)

    return work


def _kept(directory: Path) -> set[str]:
    reader = open_reader(directory)
    names = {name for (name,) in reader.execute("SELECT name FROM setting")} - {
        "rules",
        "probe",
        "newest_offset",
        "log_id",
    }
    reader.close()
    return names


async def test_what_is_answered_is_committed(tmp_path: Path, writer: Writer) -> None:
    assert await writer.run(_keep("a", 7)) == 7
    assert _kept(tmp_path) == {"a"}


async def test_requests_that_wait_share_a_transaction(tmp_path: Path, writer: Writer, watched: Observed) -> None:
    go = threading.Event()

    def hold(_: sqlite3.Connection) -> int:
        return int(go.wait(10))

    held = asyncio.create_task(writer.run(hold))
    await asyncio.sleep(0)
    many = [asyncio.create_task(writer.run(_keep(str(number)))) for number in range(100)]
    await asyncio.sleep(0)
    go.set()
    await asyncio.gather(held, *many)

    assert sum(watched.groups) == 101
    assert len(watched.groups) <= 3
    assert len(_kept(tmp_path)) == 100


async def test_one_that_fails_costs_only_itself(tmp_path: Path, writer: Writer) -> None:
    told = await asyncio.gather(
        writer.run(_keep("a")), writer.run(_fail("b")), writer.run(_keep("c")), return_exceptions=True
    )

    assert [told[0], type(told[1]), told[2]] == [1, LookupError, 1]
    assert _kept(tmp_path) == {"a", "c"}
    assert writer.problem is None


async def test_a_constraint_is_the_requests_own_fault(tmp_path: Path, writer: Writer) -> None:
    await writer.run(_keep("a"))

    with pytest.raises(sqlite3.IntegrityError):
        await writer.run(_keep("a"))

    assert writer.problem is None


async def test_a_full_database_keeps_nothing_by_halves_and_recovers(
    tmp_path: Path, writer: Writer, watched: Observed
) -> None:
    def fill(connection: sqlite3.Connection) -> int:
        pages: int = connection.execute("PRAGMA page_count").fetchone()[0]
        return int(connection.execute(f"PRAGMA max_page_count = {pages + 8}").fetchone()[0])

    def empty(connection: sqlite3.Connection) -> int:
        return int(connection.execute("PRAGMA max_page_count = 100000").fetchone()[0])

    await writer.run(fill)
    told = await asyncio.gather(
        writer.run(_keep("small")), writer.run(_keep("large", 1_000_000)), return_exceptions=True
    )
    assert any(isinstance(each, StoreUnavailableError) for each in told)
    assert {name for name, each in zip(("small", "large"), told, strict=True) if each in (1, 1_000_000)} == _kept(
        tmp_path
    )
    assert writer.problem is not None
    assert "full" in writer.problem
    assert watched.failures == 1

    await writer.run(empty)
    await writer.run(_keep("large", 1_000_000))

    assert "large" in _kept(tmp_path)
    assert writer.problem is not None, "smaller writes than the one that failed say nothing about it"

    async def is_over() -> bool:
        return writer.problem is None

    await eventually(is_over)


async def test_what_waits_at_the_end_is_still_written(tmp_path: Path, writer: Writer) -> None:
    many = [asyncio.create_task(writer.run(_keep(str(number)))) for number in range(50)]
    await asyncio.sleep(0)

    await writer.close()

    assert await asyncio.gather(*many) == [1] * 50
    assert len(_kept(tmp_path)) == 50


async def test_a_cancelled_write_is_not_stored(tmp_path: Path, writer: Writer) -> None:
    go = threading.Event()
    held = asyncio.create_task(writer.run(lambda _: go.wait(10)))
    await asyncio.sleep(0.05)
    gone = asyncio.create_task(writer.run(_keep("gone")))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    go.set()
    await held
    await writer.run(_keep("there"))

    assert _kept(tmp_path) == {"there"}


async def test_another_thread_commits_its_own(tmp_path: Path, writer: Writer, watched: Observed) -> None:
    go = threading.Event()
    held = asyncio.create_task(writer.run(lambda _: go.wait(10)))
    await asyncio.sleep(0)
    here = asyncio.create_task(asyncio.to_thread(writer.run_here, _keep("here", 3)))
    await asyncio.sleep(0)
    go.set()

    assert await here == 3
    assert await held
    assert _kept(tmp_path) == {"here"}
    assert sum(watched.groups) == 2


async def test_the_error_of_another_thread_is_its_own(tmp_path: Path, writer: Writer) -> None:
    with pytest.raises(LookupError):
        await asyncio.to_thread(writer.run_here, _fail("a"))
    await writer.close()
    with pytest.raises(StoreUnavailableError, match="shutting down"):
        await asyncio.to_thread(writer.run_here, _keep("b"))

    assert _kept(tmp_path) == set()


async def test_many_threads_lose_nothing(tmp_path: Path, writer: Writer) -> None:
    names = [f"{letter}{number}" for letter in "ab" for number in range(50)]

    await asyncio.gather(
        *(
            asyncio.to_thread(writer.run_here, _keep(name)) if name.startswith("a") else writer.run(_keep(name))
            for name in names
        )
    )

    assert _kept(tmp_path) == set(names)
