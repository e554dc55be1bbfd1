"""A damaged row of the tail: a start sets the database aside, and a running store says so and stores nothing more."""

import contextlib
import logging
import signal
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path

import aiohttp
import pytest
from prometheus_client import CollectorRegistry

from edge_service.commands import CommandError
from edge_service.server import HttpServer
from edge_storage.app import make_app
from edge_storage.cli.reading import export, parse_query
from edge_storage.database.connections import FILE
from edge_storage.frames.listener import IngestListener
from edge_storage.frames.store_committer import StoreCommitter
from edge_storage.log.segment_index import segments
from edge_storage.log.tail import SealLimits
from edge_storage.metrics import StorageMetrics
from edge_storage.readings import readings
from edge_storage.store import Store
from edge_storage.usage import usage
from edge_wire.store import StoreUnavailableError
from tests.edge_storage.lines import lines_of, set_aside
from tests.edge_storage.opened import LIMITS, opened, send, send_until_sealed
from tests.edge_storage.running import RunningStore, ask, eventually, message, request

UNSEALED = SealLimits(readings=1000)
PACKED = range(100, 108)
"""The sequence numbers of one request: its row is compressed."""

UNAVAILABLE = 503


def _compressed(body: bytes) -> bytes:
    assert not body.startswith(b"{")
    return body[:20] + bytes([body[20] ^ 0xFF]) + body[21:]


def _high_bit(body: bytes) -> bytes:
    at = body.index(b"pump-1")
    return body[:at] + bytes([body[at] | 0x80]) + body[at + 1 :]


def _line_break(body: bytes) -> bytes:
    return body.replace(b',"value"', b'\n"value"', 1)


def _no_line(body: bytes) -> bytes:
    return b"\xff" + body[1:]


WAYS = pytest.mark.parametrize("damage", [_compressed, _high_bit, _line_break, _no_line])


def _damage(directory: Path, damage: Callable[[bytes], bytes]) -> int:
    """Damage a row, the compressed one or the oldest other, and return its last offset."""
    order = "length(body) / count" if damage is _compressed else "last_offset"
    with contextlib.closing(sqlite3.connect(directory / FILE)) as connection, connection:
        row = connection.execute(f"SELECT last_offset, body FROM batch ORDER BY {order} LIMIT 1").fetchone()
        connection.execute("UPDATE batch SET body = ? WHERE last_offset = ?", (damage(row[1]), row[0]))
    return int(row[0])


def _rows(directory: Path) -> int:
    with contextlib.closing(sqlite3.connect(directory / FILE)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM batch").fetchone()
    return int(count)


def _let_the_sealer_miss_a_row(connection: sqlite3.Connection) -> None:
    """Let the writer use a copy of the tail, of which the sealer's has a row less."""
    connection.execute("CREATE TEMP TABLE batch AS SELECT * FROM main.batch")
    connection.execute("DELETE FROM main.batch WHERE last_offset = 1")


def _let_the_sealer_see_all_rows(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT OR IGNORE INTO main.batch SELECT * FROM temp.batch")
    connection.execute("DROP TABLE temp.batch")


async def _is_damage_told(store: Store) -> bool:
    return "is damaged" in (store.problem or "")


@WAYS
async def test_a_start_sets_the_database_aside(
    tmp_path: Path, damage: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path) as (store, observed):
        await send_until_sealed(store, observed)
    async with opened(tmp_path, UNSEALED) as (store, _):
        await send(store, *PACKED)
    _damage(tmp_path, damage)

    with caplog.at_level(logging.ERROR):
        async with opened(tmp_path) as (store, observed):
            used = await store.read(partial(usage, directory=store.directory, files=store.files))
            await send(store, 1000)
            assert store.problem is None

    (aside,) = set_aside(tmp_path)
    assert [each["file"] for each in used["set_aside"]] == [aside.name]
    assert observed.files == 1
    assert f"{tmp_path / FILE} is damaged (a row of the tail is damaged (" in caplog.text
    assert "a new database replaces it" in caplog.text
    assert [reading["seq"] for reading in lines_of(tmp_path)] == [*range(40), 1000]


@WAYS
async def test_the_sealer_finds_it_and_nothing_more_is_stored(
    tmp_path: Path, damage: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path, SealLimits(readings=20)) as (store, observed):
        await send(store, 1)
        await send(store, *PACKED)
        _damage(tmp_path, damage)
        await send(store, *range(10, 21))

        await eventually(partial(_is_damage_told, store))
        assert str(tmp_path / FILE) in (store.problem or "")
        assert "nothing is stored" in (store.problem or "")
        assert not store.is_alive, "Kubernetes restarts it"
        rows = _rows(tmp_path)
        for seq in range(200, 220):
            with pytest.raises(StoreUnavailableError, match=r"not stored: .*edge\.db is damaged"):
                await send(store, seq)
        assert _rows(tmp_path) == rows
        assert observed.segments == []
    assert caplog.text.count("nothing is stored") == 1

    async with opened(tmp_path) as (store, observed):
        assert (store.problem, observed.files) == (None, 1)


@WAYS
async def test_a_reader_finds_it(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    async with opened(tmp_path, UNSEALED) as (store, _):
        await send(store, 1)
        await send(store, *PACKED)
        _damage(tmp_path, damage)

        question = partial(readings, log=store.log, device_id="pump-1", limit=1000, before=10**9)
        with pytest.raises(StoreUnavailableError, match=r"cannot be read: .*edge\.db is damaged"):
            await store.read(question)

        assert await _is_damage_told(store)
        with pytest.raises(StoreUnavailableError, match="is damaged"):
            store.write_here(lambda _: None)


@WAYS
async def test_an_export_names_it(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    async with opened(tmp_path, UNSEALED) as (store, _):
        await send(store, 1)
        await send(store, *PACKED)
    _damage(tmp_path, damage)

    with pytest.raises(CommandError, match=r"edge\.db is damaged \(a row of the tail is damaged"):
        export(tmp_path, None, parse_query())


@WAYS
async def test_the_writer_finds_it_and_no_message_becomes_a_dead_letter(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    async with opened(tmp_path, UNSEALED) as (store, observed):
        await send(store, 1)
        await send(store, *PACKED)
        _damage(tmp_path, damage)
        store.state.drop()

        with pytest.raises(StoreUnavailableError, match=r"not stored: .*edge\.db is damaged"):
            await send(store, 2)

        assert await _is_damage_told(store)
        assert observed.failures == 1
        count = await store.read(lambda connection: connection.execute("SELECT count(*) FROM dead_letter").fetchone())
        assert count == (0,)


async def test_requests_are_answered_503_and_the_store_is_not_ready(
    tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    async with opened(tmp_path, UNSEALED) as (store, _):
        registry = CollectorRegistry()
        metrics = StorageMetrics(registry, tmp_path)
        await send(store, 1)
        _damage(tmp_path, _high_bit)
        with IngestListener("127.0.0.1", 0, StoreCommitter(store, metrics)) as listener:
            async with HttpServer(make_app(store, metrics, registry, listener), "127.0.0.1", 0) as server:
                url = f"http://127.0.0.1:{server.port}"
                assert (await ask(http, "GET", f"{url}/ready"))[0] == 200
                for path in ("/v1/readings?device_id=pump-1", "/v1/log?after=0"):
                    status, answer = await ask(http, "GET", url + path)
                    assert (status, answer["reason"]) == (UNAVAILABLE, "StoreUnavailable"), path
                status, answer = await ask(http, "POST", f"{url}/v1/readings", request(message("d", {})))
                assert (status, answer["reason"]) == (UNAVAILABLE, "StoreUnavailable")
                assert "edge.db is damaged" in answer["detail"]
                status, answer = await ask(http, "GET", f"{url}/ready")
                assert (status, answer["waiting_for"]) == (UNAVAILABLE, [store.problem])
                assert (await ask(http, "GET", f"{url}/health"))[0] == 503


@pytest.mark.process
async def test_the_process_starts_with_a_damaged_row(running: RunningStore, http: aiohttp.ClientSession) -> None:
    reading = {"sensor_type": "t", "value": 1, "session": "s", "seq": 1}
    status, _ = await ask(http, "POST", f"{running.url}/v1/readings", request(message("pump-1", reading)))
    assert status == 200
    await running.end(signal.SIGKILL)
    _damage(running.directory, _high_bit)

    await running.start()

    assert (await ask(http, "GET", f"{running.url}/ready"))[0] == 200
    (aside,) = set_aside(running.directory)
    assert any(aside.name in line["message"] for line in running.lines)


async def test_an_unexpected_error_of_the_sealer_is_a_problem(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path) as (store, observed):
        with monkeypatch.context() as patched:

            def fail(*_: object) -> None:
                raise LookupError("unexpected")

            patched.setattr(store.files, "write", fail)
            for seq in range(LIMITS.readings):
                await send(store, seq)

            async def is_told() -> bool:
                return "cannot be sealed (LookupError: unexpected)" in (store.problem or "")

            await eventually(is_told)
            assert store.is_alive
            assert "Traceback" in caplog.text

        async def is_sealed() -> bool:
            return bool(observed.segments)

        await eventually(is_sealed)
        assert store.problem is None


async def test_a_tail_that_always_changes_is_logged_and_sealed_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path) as (store, observed):
        for seq in range(LIMITS.readings - 1):
            await send(store, seq)
        await store.write(_let_the_sealer_miss_a_row)

        await send(store, 100)

        async def is_logged() -> bool:
            await send(store, 200)
            return "cannot seal the newest readings; trying again in" in caplog.text

        await eventually(is_logged)
        assert "are still rows of their own" in caplog.text
        assert observed.segments == []
        await store.write(_let_the_sealer_see_all_rows)
        await send(store, 201)

        async def is_sealed() -> bool:
            return bool(await store.read(segments))

        await eventually(is_sealed)
