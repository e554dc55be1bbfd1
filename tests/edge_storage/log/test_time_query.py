"""Queries by time over real segments and the tail."""

import sqlite3
from dataclasses import replace
from pathlib import Path
from random import Random

import orjson
import pytest

from edge_storage.log.reader import LogReader
from edge_storage.log.segment_files import SegmentFiles
from edge_storage.log.segment_index import remove_segment, segments
from edge_storage.log.selection import Selection
from edge_storage.log.time_query import TimeQuery, after
from tests.edge_storage.log.logs import add_batch, add_sealed
from tests.edge_storage.log.made_lines import NOON, line
from tests.edge_storage.observing import Damage

DEVICES = ["pump-1", "pump-10", "pump-2"]


@pytest.fixture
def query(tmp_path: Path) -> TimeQuery:
    return TimeQuery(LogReader(SegmentFiles(tmp_path), Damage()))


@pytest.fixture
def lines(connection: sqlite3.Connection, tmp_path: Path) -> list[bytes]:
    """Return what is stored: most of it in order, some of it late, as from devices that were disconnected."""
    random = Random(7)
    made = [
        line(
            random.choice(DEVICES),
            NOON + 10 * offset - (random.choice([0, 0, 0, 3000, 20_000])),
            offset,
            sensor_type=random.choice(["t", "p"]),
        )
        for offset in range(1, 1001)
    ]
    for begin in range(0, 800, 200):
        add_sealed(connection, tmp_path, made[begin : begin + 200])
    for begin in range(800, 1000, 50):
        add_batch(connection, made[begin : begin + 50])
    return made


def naive(lines: list[bytes], selection: Selection) -> list[bytes]:
    def key(each: bytes) -> tuple[str, int]:
        document = orjson.loads(each)
        return document["timestamp"], document["offset"]

    first, last = (text.decode() for text in selection.window())
    return sorted(
        (
            each
            for each in lines
            if (document := orjson.loads(each))["device_id"] == selection.device_id
            and first <= document["timestamp"] < last
            and selection.sensor_type in (None, document["sensor_type"])
        ),
        key=key,
        reverse=selection.is_newest_first,
    )


@pytest.mark.parametrize("is_newest_first", [False, True])
@pytest.mark.parametrize("sensor_type", [None, "t"])
@pytest.mark.parametrize(
    ("begin", "end"), [(-NOON, 2 * NOON), (NOON, NOON + 10_000), (NOON + 4000, NOON + 4001), (NOON + 8500, NOON + 9000)]
)
def test_a_range_is_complete_and_in_order(
    query: TimeQuery,
    connection: sqlite3.Connection,
    lines: list[bytes],
    begin: int,
    end: int,
    sensor_type: str | None,
    *,
    is_newest_first: bool,
) -> None:
    for device_id in [*DEVICES, "pump-3"]:
        selection = Selection(device_id, begin, end, sensor_type, is_newest_first=is_newest_first)
        assert [*query.stream(connection, selection)] == naive(lines, selection)


def test_pages_are_stable_while_readings_arrive_and_are_sealed_and_dropped(
    query: TimeQuery, connection: sqlite3.Connection, lines: list[bytes], tmp_path: Path
) -> None:
    selection = Selection("pump-1", NOON, NOON + 10_000)
    expected = naive(lines, selection)
    found: list[bytes] = []
    step = 0
    is_complete = False
    while not is_complete:
        page = query.page(connection, selection, max_lines=17)
        found += page.lines
        is_complete = page.is_complete
        selection = after(selection, page)
        step += 1
        offset = 1000 + step
        add_batch(connection, [line("pump-1", NOON + 20_000 + step, offset)])
        if step == 3:
            sealed = [each for each in lines if 800 < orjson.loads(each)["offset"] <= 900]
            connection.execute("DELETE FROM batch WHERE last_offset <= 900")
            add_sealed(connection, tmp_path, sealed)

    assert found == expected
    assert step > 5


def test_a_segment_that_is_dropped_between_pages_ends_nothing(
    query: TimeQuery, connection: sqlite3.Connection, lines: list[bytes], tmp_path: Path
) -> None:
    selection = Selection("pump-1", NOON, NOON + 10_000)
    page = query.page(connection, selection, max_lines=100)
    dropped = segments(connection)[2]
    remove_segment(connection, dropped.last_offset)
    SegmentFiles(tmp_path).delete(dropped.last_offset)

    later = query.page(connection, after(selection, page))

    kept = [
        each
        for each in naive(lines, selection)
        if not dropped.first_offset <= orjson.loads(each)["offset"] <= dropped.last_offset
    ]
    assert later.lines == [each for each in kept if each not in page.lines]
    assert later.is_complete


def test_a_page_of_a_large_range_reads_few_chunks(
    connection: sqlite3.Connection, lines: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []

    class Counting(SegmentFiles):
        def read_part(self, last_offset: int, position: int, length: int) -> bytes:
            read.append(last_offset)
            return super().read_part(last_offset, position, length)

    query = TimeQuery(LogReader(Counting(tmp_path), Damage()))
    query.page(connection, Selection("pump-1", NOON + 2500, NOON + 3000), max_lines=1000)
    assert len(read) < 4
    read.clear()
    query.page(connection, replace(Selection("pump-1"), begin=NOON + 30_000), max_lines=1000)
    assert read == []
