"""At its start the store continues whatever a killed process left."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from edge_storage.database.connections import open_reader
from edge_storage.ingest.storing import store as store_messages
from edge_storage.log.sealing import oldest_of_tail
from edge_storage.log.segment_files import SegmentFiles
from edge_storage.log.tail import SealLimits
from edge_storage.store import Store
from edge_wire.store import IngestRequest, RawMessage, StoreUnavailableError
from tests.edge_storage.lines import lines_of
from tests.edge_storage.observing import Observed
from tests.edge_storage.opened import LIMITS, NOON, opened, send, send_until_sealed
from tests.edge_storage.running import eventually


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
