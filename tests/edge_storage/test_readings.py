"""Pages go through everything once, newest first, by an index."""

import sqlite3

import orjson
import pytest

from edge_storage import readings
from edge_storage.pages import MAX_PAGE_BYTES, NO_END, paginate


@pytest.fixture
def filled(connection: sqlite3.Connection) -> sqlite3.Connection:
    connection.executemany(
        "INSERT INTO reading (device_id, received_at, body) VALUES (?, 0, '{\"value\":1}')",
        [(f"pump-{number % 2}",) for number in range(10)],
    )
    return connection


@pytest.mark.parametrize(
    ("device_id", "offsets"), [(None, list(range(10, 0, -1))), ("pump-0", [9, 7, 5, 3, 1]), ("pump-2", [])]
)
@pytest.mark.parametrize("limit", [1, 2, 3, 5, 10, 11])
def test_pages_hold_everything_once(
    filled: sqlite3.Connection, device_id: str | None, offsets: list[int], limit: int
) -> None:
    found: list[int] = []
    before: int | None = NO_END
    while before is not None:
        page = readings.readings(filled, device_id, limit, before)
        assert len(page.items) <= limit
        found += [_offset(item) for item in page.items]
        before = page.next

    assert found == offsets


def test_a_devices_readings_are_found_by_an_index(filled: sqlite3.Connection) -> None:
    statements: list[str] = []
    filled.set_trace_callback(statements.append)
    readings.readings(filled, "pump-1", 10, NO_END)
    readings.alerts(filled, "pump-1", 10, NO_END)
    filled.set_trace_callback(None)

    plans = [str(filled.execute(f"EXPLAIN QUERY PLAN {each}").fetchall()) for each in statements]

    assert len(plans) == 2
    assert "USING INDEX reading_by_device (device_id=? AND rowid<?)" in plans[0]
    assert "USING INDEX alert_by_device (device_id=? AND rowid<?)" in plans[1]
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
        page = readings.dead_letters(connection, 1000, before)
        assert sum(len(orjson.dumps(item)) for item in page.items) <= MAX_PAGE_BYTES
        sizes.append(len(page.items))
        before = page.next

    assert sum(sizes) == 40
    assert len(sizes) == 4


def test_an_item_larger_than_a_page_is_a_page() -> None:
    large = b'"%b"' % (b"x" * MAX_PAGE_BYTES)

    page = paginate([(3, large), (2, large), (1, b"1")], 10)

    assert (len(page.items), page.next) == (1, 3)
