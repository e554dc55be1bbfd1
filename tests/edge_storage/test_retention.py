"""Retention over a real store: what is dropped, in which order, and that the bytes on the disk are bounded."""

import contextlib
import datetime as dt
import json
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import pytest

from edge_storage.database.connections import open_writer
from edge_storage.ingest.storing import store as store_messages
from edge_storage.log import tail
from edge_storage.log.retention_plan import Drop, Limits
from edge_storage.log.segment_index import segments
from edge_storage.log.tail import SealLimits
from edge_storage.retained import disk_bytes_of, oldest_offset, sinks_of
from edge_storage.retention import Retention
from edge_storage.store import Store
from edge_storage.usage import usage
from edge_wire.store import CLOUD_SENSORS, Cursor, IngestRequest, RawMessage
from tests.edge_storage.observing import Observed
from tests.edge_storage.running import RunningStore, ask, eventually, message, request

NOON = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
NOON_MILLISECONDS = 1_769_860_800_000
MEBIBYTE = 1024 * 1024
PER_REQUEST = 500
FORWARDED = {"done": 10**9, "ranges": []}
SMALL = SealLimits(readings=PER_REQUEST, bytes=8 * MEBIBYTE)


@dataclass
class Drops:
    """Counts what retention reports."""

    readings: list[tuple[int, bool]] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    alerts: int = 0

    def dropped(self, readings: int, *, is_forwarded: bool) -> None:
        self.readings.append((readings, is_forwarded))

    def deleted(self, table: str, rows: int) -> None:
        self.rows[table] = self.rows.get(table, 0) + rows

    def dropped_alerts(self, alerts: int) -> None:
        self.alerts += alerts


class Site:
    """An open store with a retention, and a clock that tests set."""

    def __init__(self, directory: Path, limits: Limits) -> None:
        self.store = Store(directory, Observed(), SMALL)
        self.drops = Drops()
        self.now = NOON_MILLISECONDS
        self.retention = Retention(self.store, limits, self.drops, now=lambda: self.now)
        self._random = Random(1)
        self._requests = 0
        assert self.store.open()

    async def send(self, *, minute: int = 0, count: int = PER_REQUEST, size: int = 200) -> None:
        """Store `count` readings with `size` characters each that do not compress well."""
        self._requests += 1
        readings = [
            {
                "sensor_type": "t",
                "value": number,
                "session": f"s{self._requests}",
                "seq": number,
                "metadata": {"x": self._random.randbytes(size // 2).hex()},
            }
            for number in range(count)
        ]
        received_at = NOON + dt.timedelta(minutes=minute)
        request = IngestRequest(None, "hall", (RawMessage("pump-1", json.dumps(readings).encode(), received_at),))
        await self.store.write(partial(store_messages, request=request, state=self.store.state))

    async def segments(self) -> list[int]:
        """Return the last offsets of the segments."""
        return [each.last_offset for each in await self.store.read(segments)]

    async def sealed(self, count: int) -> None:
        """Wait until there are `count` segments."""

        async def there() -> bool:
            return len(await self.segments()) == count

        await eventually(there)

    async def cursor(self, name: str, body: dict[str, Any]) -> None:
        """Set the cursor of a sink."""

        def put(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT OR REPLACE INTO cursor VALUES (?, ?)", (name, json.dumps(body)))

        await self.store.write(put)

    async def settle(self) -> None:
        """Let retention do everything that is due."""
        while await self.retention.step():
            pass

    async def usage(self) -> dict[str, Any]:
        """Return the answer of `GET /v1/storage`."""
        return await self.store.read(lambda connection: usage(connection, self.store.directory, self.store.files))


@pytest.fixture
async def by_age(tmp_path: Path) -> AsyncIterator[Site]:
    site = Site(tmp_path, Limits(max_age=3_600_000))
    yield site
    await site.store.close()


async def test_old_segments_are_dropped_and_their_rows_too(by_age: Site) -> None:
    await by_age.cursor(CLOUD_SENSORS, FORWARDED)
    for number in range(4):
        await by_age.send(minute=10 * number)
        await by_age.sealed(number + 1)
    await by_age.settle()
    assert by_age.drops.readings == []

    by_age.now += 75 * 60_000
    await by_age.settle()

    assert await by_age.segments() == [1500, 2000]
    assert by_age.drops.readings == [(500, True), (500, True)]
    assert sorted(path.stem for path in (by_age.store.directory / "segments").iterdir()) == [
        f"{offset:020}" for offset in (1500, 2000)
    ]
    assert await by_age.store.read(oldest_offset) == 1001
    seen = await by_age.store.read(
        lambda connection: connection.execute("SELECT session FROM seen ORDER BY session").fetchall()
    )
    assert seen == [("s3",), ("s4",)]
    assert (await by_age.usage())["dropped"]["forwarded"] == 1000


async def test_a_quiet_site_keeps_no_old_readings_in_the_tail(by_age: Site) -> None:
    await by_age.cursor(CLOUD_SENSORS, FORWARDED)
    await by_age.send(minute=0, count=3)
    await by_age.send(minute=30, count=3)
    by_age.now += 61 * 60_000
    await by_age.settle()

    assert by_age.drops.readings == [(3, True)]
    assert await by_age.store.read(oldest_offset) == 4
    await by_age.send(minute=40, count=1)
    assert (await by_age.usage())["newest_offset"] == 7
    by_age.now += 120 * 60_000
    await by_age.settle()
    assert await by_age.store.read(oldest_offset) == 8
    await by_age.send(minute=200, count=1)
    assert (await by_age.usage())["newest_offset"] == 8


@pytest.mark.parametrize("change", ["sealed", "coalesced"])
async def test_a_batch_that_changes_before_its_drop_is_counted_once(
    by_age: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, change: str
) -> None:
    await by_age.cursor(CLOUD_SENSORS, {"done": 0, "ranges": []})
    await by_age.send(minute=0, count=3)
    by_age.now += 61 * 60_000
    if change == "coalesced":
        monkeypatch.setattr(tail, "COALESCE_ROWS", 2)
    added = PER_REQUEST if change == "sealed" else 1
    planned: list[Drop] = []
    read = by_age.store.read

    async def changing(question: Callable[[sqlite3.Connection], Any]) -> Any:
        found = await read(question)
        if isinstance(found, Drop) and not planned:
            planned.append(found)
            await by_age.send(minute=60, count=added)
            if change == "sealed":
                await by_age.sealed(1)
        return found

    monkeypatch.setattr(by_age.store, "read", changing)
    await by_age.settle()

    assert [drop.segment.count for drop in planned] == [3]
    assert by_age.drops.readings == []
    assert (await by_age.usage())["dropped"]["unforwarded"] == 0
    assert "dropped" not in caplog.text
    assert await by_age.store.read(oldest_offset) == 1

    by_age.now += 120 * 60_000
    await by_age.settle()
    assert by_age.drops.readings == [(3 + added, False)]
    assert (await by_age.usage())["dropped"]["unforwarded"] == 3 + added


@pytest.fixture
async def tiny(tmp_path: Path) -> AsyncIterator[Site]:
    """Return a site that may keep one byte: every segment is dropped."""
    site = Site(tmp_path, Limits(max_bytes=1))
    yield site
    await site.store.close()


async def test_forwarded_segments_are_dropped_before_others(tiny: Site, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(4):
        await tiny.send(minute=number)
        await tiny.sealed(number + 1)
    await tiny.cursor("cloud-sensors", {"done": 500, "ranges": [[1001, 2000]]})
    await tiny.cursor("kafka", {"done": 2000})
    order: list[list[int]] = []
    with caplog.at_level(logging.INFO):
        while await tiny.retention.step():
            order.append(await tiny.segments())

    assert order[:4] == [[1000, 1500, 2000], [1000, 2000], [1000], []]
    assert [is_forwarded for _, is_forwarded in tiny.drops.readings] == [True, True, True, False]
    dropped = (await tiny.usage())["dropped"]
    assert (dropped["forwarded"], dropped["unforwarded"]) == (1500, 500)
    assert dropped["unforwarded_from"] == dropped["unforwarded_to"] == "2026-01-31T12:01:00.000Z"
    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    told = "which a sink has not received yet: more bytes than the retention's maxSize"
    assert errors == [f"dropped 500 readings (offsets 501 to 1000), {told}"]


async def test_the_bytes_on_the_disk_are_bounded(tmp_path: Path) -> None:
    limit = 20 * MEBIBYTE
    site = Site(tmp_path, Limits(max_bytes=limit))
    peak = 0
    try:
        for number in range(300):
            await site.send(size=300)
            if number % 10 == 9:
                await site.settle()
                peak = max(peak, disk_bytes_of(tmp_path))
        stored = (await site.usage())["newest_offset"]
        kept = [path.stat().st_size for path in (tmp_path / "segments").iterdir()]
    finally:
        await site.store.close()
    assert stored == 300 * PER_REQUEST
    # 64 MB were received. Above the limit is what ten requests add, in the tail, the journal and segments.
    assert sum(readings for readings, _ in site.drops.readings) > stored / 2
    assert peak <= limit + 8 * MEBIBYTE
    assert len(kept) > 5


@pytest.mark.process
async def test_the_program_keeps_its_limits(
    tmp_path: Path, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETENTION_MAX_AGE", "1s")
    async with RunningStore(tmp_path) as running:
        url = f"{running.url}/v1"
        readings = [{"sensor_type": "t", "value": 1}] * 3
        assert (await ask(http, "POST", f"{url}/readings", request(message("pump-1", readings))))[0] == 200

        async def are_dropped() -> bool:
            _, storage = await ask(http, "GET", f"{url}/storage")
            return bool(storage["dropped"]["unforwarded"] == 3)

        await eventually(are_dropped)
        assert (await ask(http, "GET", f"{url}/readings"))[1]["readings"] == []
        async with http.get(f"{running.url}/metrics") as response:
            metrics = await response.text()
        assert 'edge_storage_dropped_readings_total{forwarded="false"} 3.0' in metrics
        _, stored = await ask(http, "POST", f"{url}/readings", request(message("pump-1", readings)))
        assert stored["readings"][0]["offset"] == 4


async def test_dead_letters_are_bounded(by_age: Site) -> None:
    def fill(connection: sqlite3.Connection) -> None:
        connection.executemany(
            "INSERT INTO dead_letter (device_id, received_at, reason, message, payload)"
            " VALUES ('p', ?, 'json', '', x'')",
            [(NOON_MILLISECONDS,)] * 12_345,
        )

    await by_age.store.write(fill)
    await by_age.settle()
    left = await by_age.store.read(
        lambda connection: connection.execute("SELECT count(*), min(id) FROM dead_letter").fetchone()
    )
    assert left == (10_000, 2346)
    assert by_age.drops.rows == {"dead_letter": 2345}


async def test_dead_letters_of_sinks_do_not_displace_the_others(by_age: Site) -> None:
    def fill(connection: sqlite3.Connection) -> None:
        connection.executemany(
            "INSERT INTO dead_letter (device_id, received_at, reason, message, payload, sink)"
            " VALUES ('p', ?, 'json', '', x'', ?)",
            [(NOON_MILLISECONDS, None)] * 10 + [(NOON_MILLISECONDS, "cloud")] * 10_100,
        )

    await by_age.store.write(fill)
    await by_age.settle()
    left = await by_age.store.read(
        lambda connection: connection.execute("SELECT count(*), count(sink) FROM dead_letter").fetchone()
    )
    assert left == (10_010, 10_000)
    assert by_age.drops.rows == {"sink_dead_letter": 100}


@pytest.mark.parametrize(("delivered", "lost"), [(30_000, 0), (4000, 2500), (0, 6500)])
async def test_alerts_are_bounded_and_lost_ones_are_counted_and_logged(
    by_age: Site, caplog: pytest.LogCaptureFixture, delivered: int, lost: int
) -> None:
    def fill(connection: sqlite3.Connection) -> None:
        body = json.dumps({"timestamp": "2026-01-31T12:00:00.000Z"})
        connection.executemany(
            "INSERT INTO alert (device_id, body, is_sent) VALUES ('p', ?, 1)", [(body,) for _ in range(26_500)]
        )
        connection.execute("INSERT INTO alert_cursor VALUES ('cloud', ?), ('webhook', 30000)", (delivered,))

    await by_age.store.write(fill)
    await by_age.settle()

    left = await by_age.store.read(
        lambda connection: connection.execute("SELECT count(*), min(id) FROM alert").fetchone()
    )
    assert left == (20_000, 6501)
    assert by_age.drops.alerts == lost
    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert sum(int(each.split()[1]) for each in errors) == lost
    assert all("alerts that a sink has not received yet" in each for each in errors)


async def test_an_alert_is_kept_for_its_age_until_every_sink_has_it(by_age: Site) -> None:
    def fill(connection: sqlite3.Connection) -> None:
        body = json.dumps({"timestamp": "2026-01-31T12:00:00.000Z"})
        connection.executemany(
            "INSERT INTO alert (device_id, body, is_sent) VALUES ('p', ?, ?)",
            [(body, number != 2) for number in range(6)],
        )
        connection.execute("INSERT INTO alert_cursor VALUES ('cloud', 4)")

    def ids(connection: sqlite3.Connection) -> list[int]:
        return [row[0] for row in connection.execute("SELECT id FROM alert ORDER BY id")]

    await by_age.store.write(fill)
    by_age.now += 120 * 60_000
    await by_age.settle()

    assert await by_age.store.read(ids) == [3, 5, 6], "3 is not published yet, 5 and 6 are not in the cloud"
    assert by_age.drops.alerts == 0


async def test_a_directory_that_cannot_be_written_is_retried(by_age: Site, caplog: pytest.LogCaptureFixture) -> None:
    await by_age.send()
    await by_age.sealed(1)
    by_age.now += 120 * 60_000
    folder = by_age.store.directory / "segments"
    blocked = folder / f"{500:020}.seg"
    content = blocked.read_bytes()
    blocked.unlink()
    blocked.mkdir()
    try:
        with pytest.raises(OSError, match="directory"):
            await by_age.retention.step()
    finally:
        blocked.rmdir()
    blocked.write_bytes(content)
    assert await by_age.segments() == []


@pytest.mark.parametrize(
    ("stored", "cursor"),
    [
        ('{"done":7,"ranges":[[9,12]],"more":1}', Cursor(7, ((9, 12),))),
        ('{"done":7}', Cursor(7)),
        *((wrong, Cursor(0)) for wrong in ("", "{", "{}", '{"done":"7"}', '{"done":7,"ranges":[[1]]}')),
    ],
)
def test_cursors_as_they_are_stored(stored: str, cursor: Cursor, tmp_path: Path) -> None:
    with contextlib.closing(open_writer(tmp_path)) as connection:
        connection.execute("INSERT INTO cursor VALUES ('cloud-sensors', ?)", (stored,))
        assert sinks_of(connection) == [cursor]
