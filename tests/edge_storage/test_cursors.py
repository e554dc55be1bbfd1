"""Cursors of sinks in the database: they never move back and never pass the newest offset."""

import sqlite3
from pathlib import Path

import pytest

from edge_storage import cursors
from edge_storage.database.connections import open_writer
from edge_wire.messages import MalformedError
from edge_wire.store import CLOUD_SENSORS, Cursor


def fill(connection: sqlite3.Connection, count: int) -> None:
    connection.execute("INSERT INTO batch VALUES (?, ?, ?)", (count, count, b"\n".join([b"{}"] * count)))


def test_a_new_store_begins_at_0_and_readings_before_the_first_ingester_are_owed(tmp_path: Path) -> None:
    connection = open_writer(tmp_path)
    cursors.begin(connection)
    fill(connection, 3)
    cursors.begin(connection)

    assert cursors.read_cursor(connection, CLOUD_SENSORS) == Cursor(0)
    connection.close()


def test_a_store_of_an_older_release_begins_at_its_newest_reading(connection: sqlite3.Connection) -> None:
    fill(connection, 7)
    cursors.begin(connection)

    assert cursors.read_cursor(connection, CLOUD_SENSORS) == Cursor(7)


def test_on_a_full_disk_the_store_starts_without_it(
    connection: sqlite3.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    connection.execute("PRAGMA query_only = ON")

    cursors.begin(connection)

    assert "cannot create the cursor of cloud/sensors" in caplog.text


def test_it_never_moves_back(connection: sqlite3.Connection) -> None:
    fill(connection, 20)
    cursors.advance(connection, "kafka", Cursor(5, ((8, 9), (12, 20))))

    stored = cursors.advance(connection, "kafka", Cursor(3, ((5, 7),)))

    assert stored == Cursor(9, ((12, 20),))
    assert cursors.read_all(connection) == {"kafka": stored}


@pytest.mark.parametrize("cursor", [Cursor(11), Cursor(0, ((5, 11),))])
def test_it_never_passes_the_newest_offset(connection: sqlite3.Connection, cursor: Cursor) -> None:
    fill(connection, 10)

    with pytest.raises(MalformedError, match="the newest offset is 10"):
        cursors.advance(connection, "kafka", cursor)
    assert cursors.read_cursor(connection, "kafka") is None
