"""A database of the first schema, with a row for each reading."""

import sqlite3
from pathlib import Path

from edge_storage.database.connections import FILE
from tests.edge_storage.first_schema import FIRST_SCHEMA

RECEIVED_AT = 1769860800000
"""2026-01-31T12:00:00.000Z, in milliseconds since 1970."""


def row(number: int, devices: int) -> tuple[int, str, int, str | None, int | None, str]:
    """Return the row of the reading with the offset `number`; each seventh has no session."""
    device_id = f"pump-{number % devices}"
    seq = number // devices
    received_at = RECEIVED_AT + number
    identified = number % 7 != 0
    session = f',"session":"s","seq":{seq}' if identified else ""
    body = (
        f'{{"device_id":"{device_id}","timestamp":"2026-01-31T11:59:59.000Z","sensor_type":"temperature",'
        f'"value":{number / 10},"unit":"celsius","location":"hall","metadata":{{"processed_at":'
        f'"2026-01-31T12:00:00.000Z","processor":"edge-processor"}}{session}}}'
    )
    return number, device_id, received_at, "s" if identified else None, seq if identified else None, body


def fill(directory: Path, count: int, devices: int = 50, first: int = 1) -> None:
    """Create a database with `count` readings of `devices` devices."""
    directory.mkdir(exist_ok=True)
    database = sqlite3.connect(directory / FILE)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = OFF")
    schema = FIRST_SCHEMA.splitlines(keepends=True)
    indexes = [line for line in schema if "INDEX reading_" in line]
    database.executescript("".join(line for line in schema if line not in indexes))
    with database:
        rows = (row(number, devices) for number in range(first, first + count))
        database.executemany("INSERT INTO reading VALUES (?, ?, ?, ?, ?, ?)", rows)
        names = [(f"pump-{number}", RECEIVED_AT + first + count) for number in range(devices)]
        database.executemany("INSERT INTO arrival VALUES (?, ?)", names)
    # Afterwards, because that is faster.
    database.executescript("".join(indexes))
    database.close()
