"""A database of the releases without sinks is migrated in place, whole or not at all."""

import asyncio
import contextlib
import signal
import sqlite3
import subprocess
import sys
from functools import partial
from pathlib import Path

import aiohttp
import orjson
import pytest

from edge_service.store import StoreClient
from edge_storage import cursors
from edge_storage.cli.backup import back_up
from edge_storage.cli.restore import restore
from edge_storage.database import schema
from edge_storage.database.connections import FILE, open_writer
from edge_storage.database.errors import DatabaseFileError
from edge_storage.log_id import log_id
from edge_storage.sinks.alert_cursors import newest_alert, read_alert_cursors, write_alert_cursor
from edge_wire.store import Cursor
from tests.edge_storage.lines import lines_of
from tests.edge_storage.opened import opened, send
from tests.edge_storage.running import RunningStore, ask, eventually
from tests.edge_storage.second_schema import fill_second

KILLED = """
import os, signal, sqlite3, sys
from pathlib import Path
from edge_storage.database.schema import migrate

path = Path(sys.argv[1])
connection = sqlite3.connect(path, isolation_level=None)
connection.execute("PRAGMA synchronous = FULL")
left = int(sys.argv[2])

def kill():
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)

connection.set_progress_handler(kill, 1)
migrate(connection, path)
os._exit(0)
"""
"""Migrates a database, and kills the process after a number of steps of SQLite."""


def _state(directory: Path) -> tuple[int, bool, bool, int]:
    """Return the version, whether there is the first and the last of what version 3 adds, and the dead letters."""
    with contextlib.closing(sqlite3.connect(directory / FILE)) as database:
        version = database.execute("PRAGMA user_version").fetchone()[0]
        columns = [row[1] for row in database.execute("PRAGMA table_info(dead_letter)")]
        ids = database.execute("SELECT count(*) FROM setting WHERE name = 'log_id'").fetchone()[0]
        letters = database.execute("SELECT count(*) FROM dead_letter").fetchone()[0]
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    return version, "sink" in columns, bool(ids), letters


async def test_everything_is_kept_and_the_log_gets_an_id(tmp_path: Path) -> None:
    lines = fill_second(tmp_path)

    async with opened(tmp_path) as (store, _):
        number = await store.read(log_id)
        assert await store.read(cursors.read_all) == {"cloud-sensors": Cursor(7, ((9, 10),)), "kafka": Cursor(3)}
        assert await store.read(newest_alert) == 2
        await send(store, 1)
    async with opened(tmp_path) as (store, _):
        assert await store.read(log_id) == number

    assert len(number) == 32
    assert int(number, 16) > 0
    assert lines_of(tmp_path)[:15] == [orjson.loads(each) for each in lines]
    assert _state(tmp_path) == (schema.VERSION, True, True, 3)


async def test_two_databases_have_two_ids(tmp_path: Path) -> None:
    found = set()
    for name in ("a", "b"):
        async with opened(tmp_path / name) as (store, _):
            found.add(await store.read(log_id))
    assert len(found) == 2


def test_a_step_that_fails_leaves_the_version_before(tmp_path: Path) -> None:
    fill_second(tmp_path)
    with contextlib.closing(sqlite3.connect(tmp_path / FILE)) as database:
        database.execute("CREATE TABLE alert_cursor (x)")

    with pytest.raises(DatabaseFileError, match="alert_cursor already exists"):
        open_writer(tmp_path)

    assert _state(tmp_path) == (2, False, False, 3)


@pytest.mark.process
def test_killed_at_every_part_of_the_migration(tmp_path: Path) -> None:
    states = []
    for steps in (20, 150, 300, 500, 800, 1200, 100_000):
        directory = tmp_path / str(steps)
        fill_second(directory, letters=50)
        done = subprocess.run([sys.executable, "-c", KILLED, directory / FILE, str(steps)], check=False, timeout=60)
        states.append((done.returncode, _state(directory)))
        open_writer(directory).close()
        assert _state(directory) == (3, True, True, 50)

    killed = [state for code, state in states if code == -signal.SIGKILL]
    assert len(killed) >= 3
    assert set(killed) <= {(2, False, False, 50), (3, True, True, 50)}
    assert states[-1] == (0, (3, True, True, 50))


@pytest.mark.process
async def test_a_store_that_is_killed_at_its_start_continues(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    lines = fill_second(tmp_path, letters=5000)
    for seconds in (0.2, 0.5, 0.8, 1.1):
        store = RunningStore(tmp_path)
        starting = asyncio.create_task(store.start())
        await asyncio.sleep(seconds)
        if store.process.returncode is None:
            await store.end(signal.SIGKILL)
        await asyncio.gather(starting, return_exceptions=True)

    async with RunningStore(tmp_path) as store:
        await eventually(partial(_is_ready, http, store))
        async with StoreClient(store.url) as client:
            page = await client.log(0, 100, 10**6)
            assert page.lines == tuple(lines)
            assert len(page.log_id) == 32
            assert await client.cursor("kafka") == Cursor(3)
        _, counts = await ask(http, "GET", f"{store.url}/v1/dead-letters/counts")
        assert counts == {"sinks": {}, "readings": 5000}


async def _is_ready(http: aiohttp.ClientSession, store: RunningStore) -> bool:
    async with http.get(f"{store.url}/ready") as response:
        return response.status == 200


async def test_a_backup_of_the_older_release_is_restored(tmp_path: Path) -> None:
    """The tables of readings are the same; the store migrates the rest at its start."""
    lines = fill_second(tmp_path / "backup")

    restore(str(tmp_path / "backup"), tmp_path / "data")

    assert _state(tmp_path / "data")[0] == 2
    assert lines_of(tmp_path / "data") == [orjson.loads(each) for each in lines]
    async with opened(tmp_path / "data") as (store, _):
        assert len(await store.read(log_id)) == 32
    assert _state(tmp_path / "data") == (3, True, True, 3)


async def test_a_restored_store_has_another_log(tmp_path: Path) -> None:
    """Its offsets repeat those of readings that arrived after the backup."""
    async with opened(tmp_path / "data") as (store, _):
        await send(store, 1)
        await store.write(partial(write_alert_cursor, name="cloud", number=0))
        first = await store.read(log_id)
    back_up(tmp_path / "data", str(tmp_path / "backup"))
    found = {first}
    for name in ("a", "b"):
        restore(str(tmp_path / "backup"), tmp_path / name)
        async with opened(tmp_path / name) as (store, _):
            found.add(await store.read(log_id))
            assert await store.read(read_alert_cursors) == {"cloud": 0}

    assert len(found) == 3
