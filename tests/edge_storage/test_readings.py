"""Pages go through everything once, newest first, by an index."""

import datetime as dt
import sqlite3

import orjson
import pytest

from edge_storage import dead_letters, readings
from edge_storage.dead_letters import Filter
from edge_storage.ingest.state import IngestState
from edge_storage.ingest.storing import store
from edge_storage.log.reader import LogReader
from edge_storage.pages import MAX_PAGE_BYTES, NO_END, paginate
from edge_wire.store import IngestRequest, RawMessage

NOON = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)


@pytest.fixture
def filled(connection: sqlite3.Connection, state: IngestState) -> sqlite3.Connection:
    for number in range(10):
        raw = RawMessage(f"pump-{number % 2}", b'{"sensor_type":"t","value":1}', NOON)
        store(connection, IngestRequest(None, "hall", (raw,)), state)
    return connection


@pytest.mark.parametrize(
    ("device_id", "offsets"), [(None, list(range(10, 0, -1))), ("pump-0", [9, 7, 5, 3, 1]), ("pump-2", [])]
)
@pytest.mark.parametrize("limit", [1, 2, 3, 5, 10, 11])
def test_pages_hold_everything_once(
    filled: sqlite3.Connection, log: LogReader, device_id: str | None, offsets: list[int], limit: int
) -> None:
    found: list[int] = []
    before: int | None = NO_END
    while before is not None:
        page = readings.readings(filled, log, device_id, limit, before)
        assert len(page.items) <= limit
        found += [_offset(item) for item in page.items]
        before = page.next

    assert found == offsets


def test_a_devices_readings_are_found_by_an_index(filled: sqlite3.Connection, log: LogReader) -> None:
    statements: list[str] = []
    filled.set_trace_callback(statements.append)
    readings.readings(filled, log, "pump-1", 10, NO_END)
    readings.alerts(filled, "pump-1", 10, NO_END)
    filled.set_trace_callback(None)

    plans = [
        str(filled.execute(f"EXPLAIN QUERY PLAN {each}").fetchall())
        for each in statements
        if each.lstrip().startswith("SELECT")
    ]

    _, chunks, found_alerts = plans
    assert "SEARCH chunk USING PRIMARY KEY (device=?)" in chunks
    assert "USING INDEX alert_by_device (device_id=? AND rowid<?)" in found_alerts
    assert "TEMP B-TREE" not in str(plans)


def _offset(item: object) -> int:
    offset: int = orjson.loads(orjson.dumps(item))["offset"]
    return offset


def test_a_page_of_large_items_ends_early(connection: sqlite3.Connection) -> None:
    connection.executemany(
        "INSERT INTO dead_letter (device_id, received_at, reason, message, payload) VALUES ('p', 0, 'json', '', ?)",
        [(b"x" * 256 * 1024,)] * 40,
    )
    sizes: list[int] = []
    before: int | None = NO_END
    while before is not None:
        page = dead_letters.dead_letters(connection, Filter(), 1000, before)
        assert sum(len(orjson.dumps(item)) for item in page.items) <= MAX_PAGE_BYTES
        sizes.append(len(page.items))
        before = page.next

    assert sum(sizes) == 40
    assert len(sizes) == 4


def test_an_item_larger_than_a_page_is_a_page() -> None:
    large = b'"%b"' % (b"x" * MAX_PAGE_BYTES)

    page = paginate([(3, large), (2, large), (1, b"1")], 10)

    assert (len(page.items), page.next) == (1, 3)
