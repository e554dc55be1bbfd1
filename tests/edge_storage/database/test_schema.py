"""A file is brought to the newest schema in whole steps, and refused where it cannot be."""

import sqlite3
from pathlib import Path

import pytest

from edge_storage.database import schema
from edge_storage.database.connections import FILE, lock, open_reader, open_writer
from edge_storage.database.errors import CorruptDatabaseError, DatabaseFileError
from tests.edge_storage.first_schema import FIRST_SCHEMA


def test_a_new_file_gets_the_newest_schema_durably(connection: sqlite3.Connection) -> None:
    pragmas = {
        name: connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("user_version", "application_id", "journal_mode", "synchronous")
    }

    full = 2
    assert pragmas == {
        "user_version": schema.VERSION,
        "application_id": schema.APPLICATION_ID,
        "journal_mode": "wal",
        "synchronous": full,
    }


def test_what_was_stored_is_there_when_opened_again(tmp_path: Path, connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE setting SET value = 'kept' WHERE name = 'probe'")
    connection.close()

    again = open_writer(tmp_path)

    assert again.execute("SELECT value FROM setting WHERE name = 'probe'").fetchone() == ("kept",)
    again.close()


def test_a_newer_file_is_refused(tmp_path: Path, connection: sqlite3.Connection) -> None:
    connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    connection.close()

    with pytest.raises(
        DatabaseFileError, match=r"edge\.db has schema version 4, this release knows 3: run the release"
    ):
        open_writer(tmp_path)


def test_a_foreign_database_is_refused(tmp_path: Path) -> None:
    foreign = sqlite3.connect(tmp_path / FILE)
    foreign.execute("PRAGMA user_version = 1")
    foreign.close()

    with pytest.raises(DatabaseFileError, match="the database of another program"):
        open_writer(tmp_path)


@pytest.mark.parametrize("content", [b"no database" * 1000, b"SQLite format 3\0" + b"\xff" * 5000])
def test_what_is_no_database_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)

    with pytest.raises(CorruptDatabaseError, match="is damaged"):
        open_writer(tmp_path)

    assert (tmp_path / FILE).read_bytes() == content


def test_a_step_that_fails_leaves_the_version_before(tmp_path: Path) -> None:
    old = sqlite3.connect(tmp_path / FILE)
    old.executescript(FIRST_SCHEMA)
    old.execute("CREATE TABLE segment (x)")
    old.close()

    with pytest.raises(DatabaseFileError, match="segment already exists"):
        open_writer(tmp_path)

    again = sqlite3.connect(tmp_path / FILE)
    assert again.execute("PRAGMA user_version").fetchone() == (1,)
    assert again.execute("SELECT count(*) FROM sqlite_schema WHERE name IN ('batch', 'arrival')").fetchone() == (1,)
    again.close()


def test_readers_cannot_write(tmp_path: Path, connection: sqlite3.Connection) -> None:
    reader = open_reader(tmp_path)

    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("DELETE FROM setting")
    reader.close()


def test_one_store_at_a_time_has_a_directory(tmp_path: Path) -> None:
    held = lock(tmp_path)
    assert held is not None
    second = lock(tmp_path)

    with open(held, "rb", closefd=True):  # noqa: PTH123 - a descriptor, to be closed
        pass

    third = lock(tmp_path)
    assert second is None
    assert third is not None
    with open(third, "rb", closefd=True):  # noqa: PTH123 - a descriptor, to be closed
        pass


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(DatabaseFileError, match="set STORAGE_PATH"):
        lock(tmp_path / "file" / "data")
