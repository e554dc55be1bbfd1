"""After the loss of the database every sink continues where it was, or begins at the start."""

import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from edge_storage import cursors
from edge_storage.alerts import after
from edge_storage.database.connections import FILE
from edge_storage.log_id import log_id
from edge_storage.sinks import declared
from edge_storage.sinks.alert_cursors import newest_alert, read_alert_cursors, write_alert_cursor
from edge_wire.store import CLOUD_SENSORS, Cursor
from tests.edge_storage.opened import opened, send_until_sealed
from tests.edge_storage.second_schema import fill_second

ASIDE = f"{FILE}.corrupt-20260131T120000.000000Z"
NAMES = (CLOUD_SENSORS, "cloud", "kafka")


def _add_alert(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO alert (device_id, body) VALUES ('p', '{}')")


def _overwrite_header(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"\0" * 16)


def _spoil(statement: str, path: Path) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement)
    connection.close()


async def _lose(directory: Path, damage: Callable[[Path], None]) -> str:
    """Fill a store, set its database aside and damage it; return the id of its log."""
    async with opened(directory) as (store, observed):
        await send_until_sealed(store, observed)
        for done, name in enumerate(NAMES, 25):
            await store.write(partial(cursors.write_cursor, name=name, cursor=Cursor(done)))
        for _ in range(9):
            await store.write(_add_alert)
        for number, name in enumerate(("cloud", "webhook"), 4):
            await store.write(partial(write_alert_cursor, name=name, number=number))
        before = await store.read(log_id)
    (directory / FILE).rename(directory / ASIDE)
    damage(directory / ASIDE)
    return before


async def test_all_cursors_are_those_of_the_damaged_database(tmp_path: Path) -> None:
    before = await _lose(tmp_path, lambda _: None)

    async with opened(tmp_path) as (store, _):
        assert await store.read(log_id) != before
        assert await store.read(cursors.read_all) == {name: Cursor(done) for done, name in enumerate(NAMES, 25)}
        assert await store.read(read_alert_cursors) == {"cloud": 4, "webhook": 5}
        new = await store.write(partial(declared.declare, readings=["cloud", "kafka"], alerts=["cloud", "webhook"]))
        assert (new.created, new.deleted) == ((), ())
        await store.write(_add_alert)
        assert await store.read(newest_alert) == 10, "a cursor must not pass over alerts of the new database"
        assert len(await store.read(partial(after, number=5, limit=10))) == 1


async def test_without_any_cursor_all_that_is_left_is_delivered_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await _lose(tmp_path, _overwrite_header)

    async with opened(tmp_path) as (store, _):
        assert await store.read(cursors.read_all) == {CLOUD_SENSORS: Cursor(0)}
        await store.write(_add_alert)
    async with opened(tmp_path) as (store, _):
        await store.write(partial(declared.declare, readings=["cloud"], alerts=["cloud"]))
        assert await store.read(cursors.read_all) == {CLOUD_SENSORS: Cursor(0), "cloud": Cursor(0)}
        assert await store.read(read_alert_cursors) == {"cloud": 0}
    assert "the cursors of the sinks are lost" in caplog.text


@pytest.mark.parametrize(
    ("body", "kept"), [("{", Cursor(0)), ('{"done":1000041}', Cursor(0)), ('{"done":1000040}', Cursor(1000040))]
)
async def test_a_cursor_that_is_impossible_begins_at_the_start(tmp_path: Path, body: str, kept: Cursor) -> None:
    await _lose(tmp_path, partial(_spoil, f"UPDATE cursor SET body = '{body}' WHERE name = 'kafka'"))

    async with opened(tmp_path) as (store, _):
        found = await store.read(cursors.read_all)

    assert found == {CLOUD_SENSORS: Cursor(25), "cloud": Cursor(26), "kafka": kept}


async def test_a_damaged_database_of_the_older_release(tmp_path: Path) -> None:
    fill_second(tmp_path)
    (tmp_path / FILE).rename(tmp_path / ASIDE)

    async with opened(tmp_path) as (store, _):
        assert await store.read(cursors.read_all) == {CLOUD_SENSORS: Cursor(7, ((9, 10),)), "kafka": Cursor(3)}
        assert await store.read(read_alert_cursors) == {}
        assert await store.read(newest_alert) == 2
