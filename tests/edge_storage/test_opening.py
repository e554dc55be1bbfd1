"""At its start the store continues whatever a killed process left, and replaces what is damaged without deleting it."""

import asyncio
import datetime as dt
import json
import logging
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from edge_storage.database.connections import FILE, open_reader
from edge_storage.ingest.result import StoredMessages
from edge_storage.ingest.storing import store as store_messages
from edge_storage.log.sealing import oldest_of_tail
from edge_storage.log.segment_files import SegmentFiles
from edge_storage.log.tail import SealLimits
from edge_storage.store import Store
from edge_storage.usage import usage
from edge_wire.store import IngestRequest, RawMessage, StoreUnavailableError
from tests.edge_storage.lines import lines_of
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


async def test_sealed_and_unsealed_readings_are_there_after_a_restart_and_are_not_stored_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as (store, observed):
        await send_until_sealed(store, observed)

    async with opened(tmp_path) as (store, observed):
        again = [await send(store, seq) for seq in range(45)]
        new = await send(store, 45)

    assert all(each.messages[0].duplicates == 1 for each in again)
    assert b'"offset":46' in new.messages[0].readings[0]
    assert [reading["seq"] for reading in lines_of(tmp_path)] == list(range(46))


async def test_before_it_is_open_requests_fail_and_say_why(tmp_path: Path) -> None:
    store = Store(tmp_path, Observed())

    with pytest.raises(StoreUnavailableError, match=r"the store is starting \(opening the database\)"):
        await send(store, 1)
    with pytest.raises(StoreUnavailableError):
        _ = store.leases
    assert store.problem == "opening the database"
    assert store.is_alive


async def test_a_failed_commit_leaves_no_trace_in_memory(tmp_path: Path) -> None:
    def fail(connection: sqlite3.Connection) -> None:
        request = IngestRequest(None, "hall", (RawMessage("pump-1", READING, NOON),))
        store_messages(connection, request, store.state)
        raise LookupError

    async with opened(tmp_path) as (store, _):
        with pytest.raises(LookupError):
            await store.write(fail)
        result = await send(store, 1)

    assert (len(result.messages[0].readings), result.messages[0].duplicates) == (1, 0)
    assert [reading["offset"] for reading in lines_of(tmp_path)] == [1]


READING = b'{"sensor_type":"t","value":1,"session":"s","seq":1}'


def _partial_file(directory: Path) -> None:
    SegmentFiles(directory).path(10).write_bytes(b"EDGESEG1 torn")


def _complete_file(directory: Path) -> None:
    connection = open_reader(directory)
    segment = oldest_of_tail(connection, LIMITS)
    connection.close()
    assert segment is not None
    SegmentFiles(directory).write(segment.last_offset, segment.content)


KILLED: list[tuple[str, Callable[[Path], None]]] = [
    ("while it wrote the file", _partial_file),
    ("before the transaction", _complete_file),
]


@pytest.mark.parametrize("leave", [case[1] for case in KILLED], ids=[case[0] for case in KILLED])
async def test_a_process_that_was_killed_while_it_sealed(tmp_path: Path, leave: Callable[[Path], None]) -> None:
    async with opened(tmp_path, SealLimits()) as (store, _):
        for seq in range(15):
            await send(store, seq)
    leave(tmp_path)

    async with opened(tmp_path, SealLimits()) as (store, _):
        await send(store, *range(16))

    assert list((tmp_path / "segments").iterdir()) == []
    assert [(reading["offset"], reading["seq"]) for reading in lines_of(tmp_path)] == [(n + 1, n) for n in range(16)]


async def test_a_full_disk_while_sealing_costs_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with opened(tmp_path) as (store, observed):
        shutil.rmtree(tmp_path / "segments")
        for seq in range(25):
            await send(store, seq)

        async def is_logged() -> bool:
            return "cannot seal the newest readings" in caplog.text

        await eventually(is_logged)
        assert observed.segments == []

    assert [reading["seq"] for reading in lines_of(tmp_path)] == list(range(25))
    async with opened(tmp_path) as (store, observed):

        async def is_sealed() -> bool:
            return sum(observed.segments) == 20

        await eventually(is_sealed)
    assert [reading["seq"] for reading in lines_of(tmp_path)] == list(range(25))


async def _usage(store: Store) -> dict[str, Any]:
    return await store.read(lambda connection: usage(connection, store.directory, store.files))


def _overwrite_header(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"\0" * 16)


def _overwrite_pages(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xaa" * (path.stat().st_size - 4096))


def _truncate(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2 // 4096 * 4096 - 100)


def _set_aside(directory: Path) -> list[Path]:
    return list(directory.glob(f"{FILE}.corrupt-*Z"))


def _du(directory: Path) -> int:
    files = [path for path in directory.rglob("*") if path.is_file() and path.name != "edge.lock"]
    return sum(path.stat().st_blocks * 512 for path in files)


@pytest.mark.parametrize("damage", [_overwrite_header, _overwrite_pages, _truncate])
async def test_a_damaged_database_is_replaced_and_kept(
    tmp_path: Path, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path) as (store, observed):
        await send_until_sealed(store, observed)
        tokens = await store.write(partial(store.leases.acquire, holder="a", ttl_seconds=1))
    sealed = [reading for reading in lines_of(tmp_path) if reading["offset"] <= 40]
    damage(tmp_path / FILE)
    damaged = (tmp_path / FILE).read_bytes()

    with caplog.at_level(logging.ERROR):
        async with opened(tmp_path) as (store, observed):
            used = await _usage(store)
            again = await send(store, *range(46))
            lease = await store.write(partial(store.leases.acquire, holder="a", ttl_seconds=1))

    (aside,) = _set_aside(tmp_path)
    assert aside.read_bytes() == damaged
    assert used["set_aside"][0]["file"] == aside.name
    assert observed.files == 1
    assert "a new database replaces it" in caplog.text
    assert [each.duplicates for each in again.messages] == [1] * 40 + [0] * 6
    readings = lines_of(tmp_path)
    assert readings[:40] == sealed
    assert [reading["offset"] for reading in readings[40:]] == list(range(1_000_041, 1_000_047))
    assert lease.token > tokens.token + 1_000_000_000


async def test_the_notice_stays_until_the_file_is_deleted(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database" * 1000)
    async with opened(tmp_path) as (store, _):
        assert len((await _usage(store))["set_aside"]) == 1
    async with opened(tmp_path) as (store, observed):
        assert observed.files == 0
        (aside,) = (await _usage(store))["set_aside"]
        (tmp_path / aside["file"]).unlink()
        assert (await _usage(store))["set_aside"] == []


async def test_a_process_that_was_killed_after_it_set_the_database_aside(tmp_path: Path) -> None:
    async with opened(tmp_path) as (store, observed):
        await send_until_sealed(store, observed)
    (tmp_path / FILE).rename(tmp_path / f"{FILE}.corrupt-20260131T120000.000000Z")

    async with opened(tmp_path) as (store, observed):
        assert len((await _usage(store))["set_aside"]) == 1
        await send(store, 100)

    assert [reading["offset"] for reading in lines_of(tmp_path)] == [*range(1, 41), 1_000_041]


async def test_segments_without_their_database_are_indexed(tmp_path: Path) -> None:
    async with opened(tmp_path) as (store, observed):
        await send_until_sealed(store, observed)
    (tmp_path / FILE).unlink()

    async with opened(tmp_path) as (store, _):
        await send(store, 100)

    assert [reading["offset"] for reading in lines_of(tmp_path)] == list(range(1, 42))


@pytest.mark.parametrize("size", [0, 8, 100, -1])
async def test_a_damaged_segment_is_set_aside(tmp_path: Path, size: int) -> None:
    async with opened(tmp_path) as (store, observed):
        await send_until_sealed(store, observed)
        path = store.files.path(20)
    content = path.read_bytes()[:size]
    path.write_bytes(content)

    async with opened(tmp_path) as (store, observed):
        used = await _usage(store)

    assert observed.files == 1
    assert path.with_suffix(".seg.corrupt").read_bytes() == content
    assert [each["file"] for each in used["set_aside"]] == [f"{20:020d}.seg.corrupt"]
    assert used["segments"] == 3
    assert [reading["offset"] for reading in lines_of(tmp_path)] == [*range(1, 11), *range(21, 46)]


async def test_what_the_store_uses_is_what_du_counts(tmp_path: Path) -> None:
    async with opened(tmp_path) as (store, observed):
        await send_until_sealed(store, observed)
        used = await _usage(store)

        assert used["bytes"] == _du(tmp_path) > 0
        assert used["capacity"] == shutil.disk_usage(tmp_path).total
        assert (used["segments"], used["newest_offset"], used["set_aside"]) == (4, 45, [])
        assert used["oldest_received_at"] == "2026-01-31T12:00:00.000Z"
        assert used["dropped"] == {"forwarded": 0, "unforwarded": 0}
