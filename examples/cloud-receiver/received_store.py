"""The receiver's database: readings and alerts, each of them once."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

SCHEMA = """
CREATE TABLE IF NOT EXISTS sources (
    id INTEGER PRIMARY KEY, site TEXT NOT NULL, log TEXT NOT NULL, repeated INTEGER NOT NULL DEFAULT 0,
    UNIQUE (site, log));
CREATE TABLE IF NOT EXISTS readings (
    source INTEGER NOT NULL, number INTEGER NOT NULL, device TEXT NOT NULL, line BLOB NOT NULL,
    PRIMARY KEY (source, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alerts (
    id INTEGER PRIMARY KEY, site TEXT NOT NULL, alert TEXT NOT NULL, state TEXT NOT NULL, line BLOB NOT NULL,
    UNIQUE (site, alert, state));
CREATE TABLE IF NOT EXISTS commands (
    site TEXT NOT NULL, device TEXT NOT NULL, id TEXT NOT NULL, body BLOB NOT NULL, expires REAL NOT NULL,
    sent REAL NOT NULL DEFAULT 0, result BLOB, PRIMARY KEY (device, id, site)) WITHOUT ROWID;
"""

OF_SITE = """
SELECT line FROM readings WHERE source IN (SELECT id FROM sources WHERE site = :site)
ORDER BY source DESC, number DESC LIMIT :limit
"""
OF_DEVICE = """
SELECT line FROM readings WHERE source IN (SELECT id FROM sources WHERE site = :site) AND device = :device
ORDER BY source DESC, number DESC LIMIT :limit
"""

MAX_OFFSET = 2**63 - 1


@dataclass(frozen=True)
class Batch:
    """Lines of a request.

    Attributes:
        site: `<namespace>/<site>`.
        log: identifies the database that gave the readings their offsets.
        lines: the lines, NDJSON.
    """

    site: str
    log: str
    lines: Sequence[bytes]


@dataclass(frozen=True)
class Result:
    """What became of a batch.

    Attributes:
        rejected: positions of lines that are not stored, with the reason.
        repeated: number of lines that had been stored before.
    """

    rejected: Sequence[tuple[int, str]]
    repeated: int


class Store:
    """An SQLite database. One thread may write while another one reads.

    Args:
        path: of the database.
        synchronous: FULL survives a power cut; NORMAL and OFF are faster.
    """

    def __init__(self, path: Path, synchronous: str) -> None:
        if synchronous not in ("FULL", "NORMAL", "OFF"):
            raise ValueError("CLOUD_RECEIVER_SYNCHRONOUS must be FULL, NORMAL or OFF")
        self.database = sqlite3.connect(path, check_same_thread=False, isolation_level="IMMEDIATE")
        self.database.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous={synchronous}; {SCHEMA}")
        self._reading = sqlite3.connect(path, check_same_thread=False)

    def add_readings(self, batch: Batch) -> Result:
        """Store readings; one with the source and offset of another is a repeat of it."""
        rows: list[tuple[int, str, bytes]] = []
        rejected: list[tuple[int, str]] = []
        for at, line in enumerate(batch.lines):
            reading, error = _object(line)
            number, device = reading.get("offset"), reading.get("device_id")
            if error:
                rejected.append((at, error))
            elif type(number) is not int or not 0 <= number <= MAX_OFFSET:
                rejected.append((at, "offset must be a whole number of 0 or more"))
            elif not isinstance(device, str):
                rejected.append((at, "device_id must be a string"))
            else:
                rows.append((number, device, line))
        with self.database as database:
            source = self._source(batch)
            before = database.total_changes
            database.executemany(f"INSERT OR IGNORE INTO readings VALUES ({source}, ?, ?, ?)", rows)  # noqa: S608
            repeated = len(rows) - (database.total_changes - before)
            if repeated:
                database.execute("UPDATE sources SET repeated = repeated + ? WHERE id = ?", (repeated, source))
        return Result(rejected, repeated)

    def add_alerts(self, batch: Batch) -> Result:
        """Store alerts; one with the site, `alert_id` and `state` of another is a repeat of it."""
        rows: list[tuple[str, str, str, bytes]] = []
        rejected: list[tuple[int, str]] = []
        for at, line in enumerate(batch.lines):
            alert, error = _object(line)
            name, state = alert.get("alert_id"), alert.get("state")
            if isinstance(name, str) and isinstance(state, str):
                rows.append((batch.site, name, state, line))
            else:
                rejected.append((at, error or "alert_id and state must be strings"))
        with self.database as database:
            self._source(batch)
            before = database.total_changes
            database.executemany("INSERT OR IGNORE INTO alerts (site, alert, state, line) VALUES (?, ?, ?, ?)", rows)
            return Result(rejected, len(rows) - (database.total_changes - before))

    def readings(self, site: str, device: str | None, limit: int) -> list[bytes]:
        """Return at most `limit` readings of a site or of one of its devices, the newest first."""
        query = OF_SITE if device is None else OF_DEVICE
        found = self._reading.execute(query, {"site": site, "device": device, "limit": limit})
        return [line for (line,) in found]

    def alerts(self, site: str, limit: int) -> list[bytes]:
        """Return at most `limit` alerts of a site, the newest first."""
        found = self._reading.execute("SELECT line FROM alerts WHERE site = ? ORDER BY id DESC LIMIT ?", (site, limit))
        return [line for (line,) in found]

    def stats(self) -> dict[str, Any]:
        """Return how much is stored, of each source."""
        sources = self._reading.execute(
            "SELECT site, log, repeated, (SELECT count(*) FROM readings WHERE source = sources.id),"
            " (SELECT max(number) FROM readings WHERE source = sources.id) FROM sources ORDER BY id"
        )
        names = ("site", "log_id", "repeated", "readings", "newest_offset")
        found = [dict(zip(names, row, strict=True)) for row in sources]
        return {
            "readings": sum(each["readings"] for each in found),
            "repeated": sum(each["repeated"] for each in found),
            "alerts": self._reading.execute("SELECT count(*) FROM alerts").fetchone()[0],
            "sources": found,
        }

    def close(self) -> None:
        """Close the database."""
        self._reading.close()
        self.database.close()

    def _source(self, batch: Batch) -> int:
        key = (batch.site, batch.log)
        self.database.execute("INSERT OR IGNORE INTO sources (site, log) VALUES (?, ?)", key)
        row = self.database.execute("SELECT id FROM sources WHERE site = ? AND log = ?", key).fetchone()
        return int(row[0])


def _object(line: bytes) -> tuple[dict[str, Any], str]:
    """Return the JSON object of a line, or an empty one and the reason why it is none."""
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return {}, f"not JSON: {error}"
    return (found, "") if isinstance(found, dict) else ({}, "not a JSON object")
