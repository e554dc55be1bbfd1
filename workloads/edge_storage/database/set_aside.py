"""Damaged files: renamed, so that nothing overwrites them, and noted for the operator."""

import datetime as dt
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import orjson

from edge_storage.database.connections import FILE, FILES
from edge_wire.messages import format_timestamp

MAX_NOTES = 100
"""Maximum number of notes; the oldest are dropped."""


def set_database_aside(directory: Path, now: dt.datetime) -> Path:
    """Rename the database in `directory` with its journal, and return the new path of the database.

    Args:
        directory: of the store; no connection to the database is open.
        now: part of the new name (aware).

    Raises:
        OSError: it cannot be renamed.
    """
    aside = f"{FILE}.corrupt-{now.astimezone(dt.UTC):%Y%m%dT%H%M%S.%fZ}"
    # The journal first: a database without it is still damaged at the next start, but a new one must not find it.
    for name in reversed(FILES):
        path = directory / name
        if path.exists():
            path.rename(directory / f"{aside}{name.removeprefix(FILE)}")
    return directory / aside


def note(connection: sqlite3.Connection, path: Path, reason: str, now: dt.datetime) -> None:
    """Add a note about a damaged file that is now at `path`.

    Args:
        connection: in a transaction.
        path: the new path.
        reason: what is wrong with it.
        now: time of the note (aware).
    """
    notes = [*notes_of(connection), {"file": path.name, "reason": reason, "at": format_timestamp(now)}]
    connection.execute(
        "INSERT INTO setting (name, value) VALUES ('set_aside', ?)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (orjson.dumps(notes[-MAX_NOTES:]).decode(),),
    )


def databases_without_note(connection: sqlite3.Connection, directory: Path) -> list[Path]:
    """Return the damaged databases in `directory` without a note: the process was killed before it could add one."""
    noted = {each["file"] for each in notes_of(connection)}
    found = sorted(directory.glob(f"{FILE}.corrupt-*Z"))
    return [path for path in found if path.name not in noted]


def notes_of(connection: sqlite3.Connection) -> Sequence[dict[str, str]]:
    """Return the notes, oldest first: `file`, `reason` and `at` of each."""
    row = connection.execute("SELECT value FROM setting WHERE name = 'set_aside'").fetchone()
    notes: list[dict[str, str]] = orjson.loads(row[0]) if row else []
    return notes
