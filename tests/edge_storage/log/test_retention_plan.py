"""Which segment is dropped next, and the record of what was dropped unforwarded."""

import json

import pytest

from edge_storage.log.retention_plan import Drop, DroppedReadings, Limits, next_drop
from edge_storage.log.segment_index import Segment
from edge_wire.store import Cursor

SEGMENTS = [Segment(100 * n, 100 * n - 99, 100, 1000, 1000 * n, 1000 * n + 999) for n in range(1, 6)]
FULL = Limits(max_bytes=5000)
ALL = Cursor(500)


@pytest.mark.parametrize(
    ("sinks", "limits", "used_bytes", "now", "dropped"),
    [
        pytest.param([ALL], FULL, 5000, 0, None, id="just full"),
        pytest.param([ALL], FULL, 5001, 0, (100, True), id="the oldest"),
        pytest.param([], FULL, 5001, 0, (100, True), id="no sink: all are forwarded"),
        pytest.param([ALL, Cursor(0)], FULL, 5001, 0, (100, False), id="one sink has nothing"),
        pytest.param([ALL, Cursor(99)], FULL, 5001, 0, (100, False), id="one reading is missing"),
        pytest.param([ALL, Cursor(100)], FULL, 5001, 0, (100, True), id="none is missing"),
        pytest.param([Cursor(50, ((101, 220),))], FULL, 5001, 0, (200, True), id="a newer one is forwarded"),
        pytest.param([Cursor(150, ((151, 200),))], FULL, 5001, 0, (100, True), id="done and more"),
        pytest.param([Cursor(50, ((102, 220),))], FULL, 5001, 0, (100, False), id="a range with a gap"),
        pytest.param([Cursor(0, ((101, 200),)), Cursor(0, ((301, 500),))], FULL, 9999, 0, (100, False), id="both"),
        pytest.param([ALL], Limits(max_age=1000), 9999, 2999, None, id="young enough"),
        pytest.param([ALL], Limits(max_age=1000), 0, 3000, (100, True), id="too old"),
        pytest.param([Cursor(0)], Limits(max_age=1000), 0, 3000, (100, False), id="too old and unforwarded"),
        pytest.param([Cursor(0, ((101, 200),))], Limits(max_age=1000), 0, 4000, (200, True), id="forwarded first"),
        pytest.param([Cursor(0, ((301, 400),))], Limits(max_age=1000), 0, 4000, (100, False), id="only old ones"),
        pytest.param([ALL], Limits(), 2**60, 2**60, None, id="no limits"),
    ],
)
def test_what_is_dropped_next(
    sinks: list[Cursor], limits: Limits, used_bytes: int, now: int, dropped: tuple[int, bool] | None
) -> None:
    found = next_drop(SEGMENTS, sinks, limits, used_bytes=used_bytes, now=now)
    assert (None if found is None else (found.segment.last_offset, found.is_forwarded)) == dropped


def test_without_segments_nothing_is_dropped() -> None:
    assert next_drop([], [], Limits(max_bytes=1, max_age=1), used_bytes=2**60, now=2**60) is None


def test_the_record_of_dropped_readings() -> None:
    record = DroppedReadings()
    for number, is_forwarded in ((1, False), (0, False), (2, False), (3, True)):
        record = record.add(Drop(SEGMENTS[number], is_forwarded=is_forwarded, reason=""), 9000 + number)

    assert DroppedReadings.parse(record.encode()) == record
    assert json.loads(record.encode()) == {
        "forwarded": 100,
        "unforwarded": 300,
        "unforwarded_from": "1970-01-01T00:00:01.000Z",
        "unforwarded_to": "1970-01-01T00:00:03.999Z",
        "unforwarded_at": "1970-01-01T00:00:09.002Z",
    }
    assert DroppedReadings.parse("{") == DroppedReadings()
