"""What is damaged is renamed and kept; the store continues without it and reports it."""

import logging
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from edge_storage import cursors
from edge_storage.database.connections import FILE
from edge_storage.log.chunking import SegmentContent
from edge_storage.log.segment import chunks_of, decode_chunk
from edge_storage.store import Store
from edge_storage.usage import usage
from edge_wire.store import CLOUD_SENSORS, Cursor
from tests.edge_storage.lines import lines_of, set_aside
from tests.edge_storage.opened import opened, send, send_until_sealed


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

    (aside,) = set_aside(tmp_path)
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


@pytest.mark.parametrize(
    ("damage", "delivered"), [(lambda _: None, 25), (_overwrite_header, 0)], ids=["intact", "lost"]
)
async def test_what_cloud_sensors_has_not_received_is_not_delivered_after_the_loss_of_the_database(
    tmp_path: Path, damage: Callable[[Path], None], delivered: int
) -> None:
    async with opened(tmp_path) as (store, observed):
        await send_until_sealed(store, observed)
        await store.write(partial(cursors.write_cursor, name=CLOUD_SENSORS, cursor=Cursor(25)))
    aside = tmp_path / f"{FILE}.corrupt-20260131T120000.000000Z"
    (tmp_path / FILE).rename(aside)
    damage(aside)

    async with opened(tmp_path) as (store, _):
        assert await store.read(partial(cursors.read_cursor, name=CLOUD_SENSORS)) == Cursor(delivered)


async def test_a_segment_that_newer_ones_replace_is_not_indexed_twice(tmp_path: Path) -> None:
    async with opened(tmp_path) as (store, observed):
        await send_until_sealed(store, observed)
        (info,) = chunks_of(content := store.files.read(20))
        replaced = SegmentContent()
        replaced.add(11, decode_chunk(content[info.position : info.position + info.length])[:5])
        store.files.write(15, replaced.finish())
    (tmp_path / FILE).rename(tmp_path / f"{FILE}.corrupt-20260131T120000.000000Z")

    async with opened(tmp_path) as (store, _):
        assert (await _usage(store))["segments"] == 4
    assert [reading["offset"] for reading in lines_of(tmp_path)] == list(range(1, 41))


async def test_segments_without_their_database_are_indexed(tmp_path: Path) -> None:
    async with opened(tmp_path) as (store, observed):
        await send_until_sealed(store, observed)
    (tmp_path / FILE).unlink()

    async with opened(tmp_path) as (store, _):
        await send(store, 100)

    assert [reading["offset"] for reading in lines_of(tmp_path)] == list(range(1, 42))


@pytest.mark.parametrize("size", [0, 8, 100, -1])
async def test_a_damaged_segment_isset_aside(tmp_path: Path, size: int) -> None:
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
