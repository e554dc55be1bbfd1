"""Rows that retention deletes, in steps that are small."""

import sqlite3
from dataclasses import replace

import pytest

from edge_storage.log import expired_seen as seen
from edge_storage.log.expired_rows import (
    ALERTS,
    DEAD_LETTERS,
    FINAL_COMMANDS,
    SINK_DEAD_LETTERS,
    TABLES,
    Table,
    delete,
    expired,
)
from edge_storage.log.expired_seen import SeenKey, delete_seen, expired_seen

NOON = 1_769_860_800_000
LETTER = "INSERT INTO dead_letter (id, device_id, received_at, reason, message, payload, sink)"


def fill(connection: sqlite3.Connection, count: int) -> None:
    """Add rows to all tables; row n is n seconds after noon."""
    for number in range(1, count + 1):
        at = NOON + 1000 * number
        connection.execute(f"{LETTER} VALUES (?, 'p', ?, 'json', '', x'0000', NULL)", (number, at))
        connection.execute(f"{LETTER} VALUES (?, 'p', ?, 'json', '', x'0000', 'cloud')", (100 + number, at))
        body = f'{{"timestamp":"2026-01-31T12:00:{number:02}.000Z"}}'
        connection.execute("INSERT INTO alert VALUES (?, 'p', ?, ?)", (number, body, number % 2))
        state = "Acked" if number % 2 else "Sent"
        connection.execute("INSERT INTO command VALUES (?, 'p', ?, ?, ?, '{}')", (number, str(number), state, at))


@pytest.mark.parametrize(
    ("table", "old", "many"),
    [
        pytest.param(DEAD_LETTERS, [3, 2, 1], [6, 5, 4, 3, 2, 1], id="dead letters"),
        pytest.param(SINK_DEAD_LETTERS, [103, 102, 101], [106, 105, 104, 103, 102, 101], id="dead letters of sinks"),
        pytest.param(ALERTS, [3, 1], [6, 5, 4, 3, 2, 1], id="alerts: for their age only those that were sent"),
        pytest.param(FINAL_COMMANDS, [3, 1], [1], id="commands that are final"),
    ],
)
def test_old_rows_and_rows_beyond_the_number(
    connection: sqlite3.Connection, table: Table, old: list[int], many: list[int]
) -> None:
    fill(connection, 10)
    few = replace(table, max_rows=4)

    assert expired(connection, table, None) == []
    assert expired(connection, table, NOON + 4000) == old
    assert expired(connection, few, None) == many

    ids = {row[0] for row in connection.execute(table.select)}
    delete(connection, table, old)
    assert {row[0] for row in connection.execute(table.select)} == ids - set(old)


def test_a_command_that_is_not_final_is_never_deleted(connection: sqlite3.Connection) -> None:
    fill(connection, 10)
    delete(connection, FINAL_COMMANDS, list(range(1, 4)))
    left = [row[0] for row in connection.execute("SELECT id FROM command ORDER BY id")]
    assert left == [2, *range(4, 11)]


@pytest.mark.parametrize(
    ("cursors", "old"),
    [
        pytest.param({}, [5, 3, 1], id="no sink of alerts"),
        pytest.param({"cloud": 3, "webhook": 9}, [3, 1], id="one has not received the alert 5"),
        pytest.param({"cloud": 0}, [], id="one has received nothing"),
    ],
)
def test_an_alert_is_kept_until_every_sink_has_received_it(
    connection: sqlite3.Connection, cursors: dict[str, int], old: list[int]
) -> None:
    fill(connection, 10)
    connection.executemany("INSERT INTO alert_cursor VALUES (?, ?)", cursors.items())

    assert expired(connection, ALERTS, NOON + 6000) == old
    assert delete(connection, ALERTS, old) == 0


def test_the_number_of_alerts_is_bounded_and_lost_ones_are_counted(connection: sqlite3.Connection) -> None:
    fill(connection, 10)
    connection.execute("INSERT INTO alert_cursor VALUES ('cloud', 3)")
    beyond = expired(connection, replace(ALERTS, max_rows=4), None)

    assert beyond == [6, 5, 4, 3, 2, 1]
    assert delete(connection, ALERTS, beyond) == 4, "1 and 3 were published, and the sink has received them"


def test_rows_beyond_the_bytes(connection: sqlite3.Connection) -> None:
    fill(connection, 10)
    assert expired(connection, replace(DEAD_LETTERS, max_bytes=6), None) == [7, 6, 5, 4, 3, 2, 1]
    assert expired(connection, replace(DEAD_LETTERS, max_bytes=1), None) == list(range(9, 0, -1))


def test_a_step_is_small(connection: sqlite3.Connection) -> None:
    connection.executemany(f"{LETTER} VALUES (?, 'p', 0, 'json', '', x'', NULL)", [(n,) for n in range(2000)])
    assert len(expired(connection, DEAD_LETTERS, 1)) == 500

    connection.execute("UPDATE dead_letter SET payload = zeroblob(300000)")
    assert len(expired(connection, DEAD_LETTERS, 1)) == 3
    connection.execute("UPDATE dead_letter SET payload = zeroblob(1100000) WHERE id > 1990")
    assert expired(connection, DEAD_LETTERS, 1) == [1999]


def test_an_alert_without_a_readable_time_is_kept(connection: sqlite3.Connection) -> None:
    connection.execute("""INSERT INTO alert VALUES (1, 'p', '{"timestamp":"noon"}', 1), (2, 'p', '{}', 1)""")
    assert expired(connection, ALERTS, NOON) == []


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_the_statements_use_the_order_of_the_table(connection: sqlite3.Connection, table: Table) -> None:
    plan = str(connection.execute(f"EXPLAIN QUERY PLAN {table.select}").fetchall())
    assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 35])
def test_the_steps_through_the_table_of_duplicates(
    connection: sqlite3.Connection, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seen, "SCANNED_ROWS", 10)
    monkeypatch.setattr(seen, "MAX_DELETED_ROWS", 3)
    rows = [(number % 3, f"s{number % 5}", number, b"", number) for number in range(count)]
    connection.executemany("INSERT INTO seen VALUES (?, ?, ?, ?, ?)", rows)

    at: SeenKey | None = SeenKey()
    while at is not None:
        step = expired_seen(connection, at, 20)
        assert len(step.expired) <= 3
        delete_seen(connection, step.expired, 20)
        at = step.next

    left = [row[0] for row in connection.execute("SELECT last_offset FROM seen ORDER BY last_offset")]
    assert left == list(range(20, count))


def test_a_row_with_a_newer_reading_is_kept(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO seen VALUES (1, 's', 0, x'00', 5)")
    step = expired_seen(connection, SeenKey(), 20)
    connection.execute("UPDATE seen SET last_offset = 30")
    delete_seen(connection, step.expired, 20)
    assert connection.execute("SELECT count(*) FROM seen").fetchone() == (1,)
