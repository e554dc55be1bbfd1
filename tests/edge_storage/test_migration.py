"""A database of the first schema is migrated in place; nothing is lost, however often the process is killed."""

import asyncio
import json
import random
import signal
import sqlite3
from functools import partial
from pathlib import Path

import aiohttp
import orjson
import pytest

from edge_storage import dead_letters, readings
from edge_storage.database.connections import FILE, open_writer
from edge_storage.database.errors import OpeningStoppedError
from edge_storage.dead_letters import Filter
from edge_storage.log.migration import Migration
from edge_storage.log.segment_files import SegmentFiles
from edge_storage.log.tail import SealLimits
from edge_storage.store import Store
from tests.edge_storage.lines import lines_of
from tests.edge_storage.observing import Observed
from tests.edge_storage.old_database import RECEIVED_AT, fill, row
from tests.edge_storage.running import RunningStore, ask, eventually, message, request

LIMITS = SealLimits(readings=10)
COUNT = 200_000
KILLS = 3


def _wanted(number: int, devices: int) -> dict[str, object]:
    _, _, received_at, _, _, body = row(number, devices)
    at = f"2026-01-31T12:{received_at // 60_000 % 60:02d}:{received_at // 1000 % 60:02d}.{received_at % 1000:03d}Z"
    return {**orjson.loads(body), "offset": number, "received_at": at}


def _opened(directory: Path) -> Store:
    store = Store(directory, Observed(), LIMITS)
    assert store.open()
    return store


async def test_readings_offsets_and_arrivals_are_kept(tmp_path: Path) -> None:
    fill(tmp_path, 45, devices=3)

    store = await asyncio.to_thread(_opened, tmp_path)
    arrivals = await store.read(lambda connection: readings.arrivals(connection, {}))
    await store.close()

    assert lines_of(tmp_path) == [_wanted(number, 3) for number in range(1, 46)]
    assert set(arrivals) == {"pump-0", "pump-1", "pump-2"}
    assert set(arrivals.values()) == {"2026-01-31T12:00:00.046Z"}
    database = sqlite3.connect(tmp_path / FILE)
    assert database.execute("SELECT count(*) FROM segment").fetchone() == (5,)
    assert database.execute("SELECT count(*) FROM sqlite_schema WHERE name IN ('reading', 'arrival')").fetchone() == (
        0,
    )
    assert database.execute("SELECT max(last_offset) FROM seen").fetchone()[0] == 45
    database.close()


@pytest.mark.parametrize("pieces", range(5))
async def test_a_migration_that_was_stopped_continues(tmp_path: Path, pieces: int) -> None:
    fill(tmp_path, 45, devices=3, first=100)
    connection = open_writer(tmp_path)
    files = SegmentFiles(tmp_path)
    files.prepare()
    reports: list[int] = []
    migration = Migration(connection, files, LIMITS, reports.append, lambda: len(reports) >= pieces)
    with pytest.raises(OpeningStoppedError):
        migration.run()
    connection.close()
    # As a process leaves it that is killed between the file and the transaction.
    files.path(109 + 10 * pieces).write_bytes(b"torn")

    store = await asyncio.to_thread(_opened, tmp_path)
    await store.close()

    assert lines_of(tmp_path) == [_wanted(number, 3) for number in range(100, 145)]
    assert reports == [100 * first // 145 for first in range(100, 100 + 10 * pieces, 10)]


async def test_an_id_that_needs_escapes_becomes_a_dead_letter(tmp_path: Path) -> None:
    fill(tmp_path, 5)
    database = sqlite3.connect(tmp_path / FILE)
    body = json.dumps({"device_id": 'a"b', "timestamp": "2026-01-31T11:59:59.000Z", "value": 1}, separators=(",", ":"))
    with database:
        database.execute("INSERT INTO reading VALUES (6, 'a\"b', ?, 's', 1, ?)", (RECEIVED_AT, body))
    database.close()

    store = await asyncio.to_thread(_opened, tmp_path)
    letters = await store.read(lambda connection: dead_letters.dead_letters(connection, Filter(), 10, 100).items)
    await store.close()

    assert [orjson.loads(orjson.dumps(each))["device_id"] for each in letters] == ['a"b']
    assert [reading["offset"] for reading in lines_of(tmp_path)] == [1, 2, 3, 4, 5]


async def test_an_empty_old_database_is_migrated(tmp_path: Path) -> None:
    fill(tmp_path, 0)

    store = await asyncio.to_thread(_opened, tmp_path)
    await store.close()

    assert lines_of(tmp_path) == []


@pytest.mark.process
async def test_killed_again_and_again(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    fill(tmp_path, COUNT)
    dice = random.Random(12)
    store = RunningStore(tmp_path)
    for _ in range(KILLS):
        starting = asyncio.create_task(store.start())
        await eventually(partial(_is_migrating, store), seconds=60)
        await asyncio.sleep(dice.random() / 2)
        await store.end(signal.SIGKILL)
        await asyncio.gather(starting, return_exceptions=True)
        store = RunningStore(tmp_path)

    await store.start()
    await eventually(partial(_is_ready, http, store), seconds=60)
    again = request(*(message(f"pump-{number % 50}", _sent(number)) for number in range(COUNT - 1000, COUNT + 3)))
    status, said = await ask(http, "POST", f"{store.url}/v1/readings", again)
    assert await store.end(signal.SIGTERM) == 0

    # One in seven has no session; the last two are new.
    assert status == 200
    duplicates = sum(each["duplicates"] for each in said["results"])
    assert duplicates == sum(1 for number in range(COUNT - 1000, COUNT + 1) if number % 7)
    stored = lines_of(tmp_path)
    assert stored[:COUNT] == [_wanted(number, 50) for number in range(1, COUNT + 1)]
    assert [reading["offset"] for reading in stored[COUNT:]] == list(range(COUNT + 1, COUNT + 1004 - duplicates))


def _sent(number: int) -> dict[str, object]:
    _, _, _, session, seq, _ = row(number, 50)
    identity = {} if session is None else {"session": session, "seq": seq}
    return {"sensor_type": "temperature", "value": 1, **identity}


async def _is_ready(http: aiohttp.ClientSession, store: RunningStore) -> bool:
    async with http.get(f"{store.url}/ready") as response:
        return response.status == 200


async def _is_migrating(store: RunningStore) -> bool:
    return any("migrating the readings of an older" in line["message"] for line in store.lines)
