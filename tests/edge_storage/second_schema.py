"""The schema of the releases without sinks, and a database of them."""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from edge_storage.database.connections import FILE
from edge_storage.database.schema import APPLICATION_ID
from tests.edge_storage.log.logs import add_batch, add_sealed
from tests.edge_storage.log.made_lines import NOON, line

SECOND_SCHEMA = f"""
CREATE TABLE dead_letter (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  device_id TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  reason TEXT NOT NULL,
  message TEXT NOT NULL,
  payload BLOB NOT NULL
) STRICT;

CREATE TABLE alert (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  device_id TEXT NOT NULL,
  body TEXT NOT NULL,
  is_sent INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX alert_by_device ON alert (device_id);
CREATE INDEX alert_to_send ON alert (id) WHERE is_sent = 0;

CREATE TABLE alert_state (
  rule TEXT NOT NULL,
  device_id TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (rule, device_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE command (
  id INTEGER PRIMARY KEY,
  device_id TEXT NOT NULL,
  command_id TEXT NOT NULL,
  state TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (device_id, command_id)
) STRICT;
CREATE INDEX command_by_state ON command (device_id, state);

CREATE TABLE lease (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  holder TEXT,
  token INTEGER NOT NULL,
  ttl_seconds REAL NOT NULL
) STRICT;
INSERT INTO lease (id, holder, token, ttl_seconds) VALUES (1, NULL, 0, 0);

CREATE TABLE setting (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO setting (name, value) VALUES ('rules', '[]'), ('probe', '0');
CREATE TABLE device (
  number INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  last_at INTEGER NOT NULL
) STRICT;

CREATE TABLE batch (
  last_offset INTEGER PRIMARY KEY,
  count INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;

CREATE TABLE segment (
  last_offset INTEGER PRIMARY KEY,
  first_offset INTEGER NOT NULL,
  count INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  received_from INTEGER NOT NULL,
  received_to INTEGER NOT NULL
) STRICT;

CREATE TABLE chunk (
  device INTEGER NOT NULL,
  last_offset INTEGER NOT NULL,
  segment INTEGER NOT NULL,
  position INTEGER NOT NULL,
  length INTEGER NOT NULL,
  count INTEGER NOT NULL,
  first_offset INTEGER NOT NULL,
  received_from INTEGER NOT NULL,
  received_to INTEGER NOT NULL,
  measured_from INTEGER NOT NULL,
  measured_to INTEGER NOT NULL,
  PRIMARY KEY (device, last_offset)
) STRICT, WITHOUT ROWID;

CREATE TABLE seen (
  device INTEGER NOT NULL,
  session TEXT NOT NULL,
  block INTEGER NOT NULL,
  content BLOB NOT NULL,
  last_offset INTEGER NOT NULL,
  PRIMARY KEY (device, session, block)
) STRICT, WITHOUT ROWID;

CREATE TABLE cursor (
  name TEXT PRIMARY KEY,
  body TEXT NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO setting (name, value) VALUES ('newest_offset', '0');
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = 2;
"""
CURSORS = {"cloud-sensors": {"done": 7, "ranges": [[9, 10]]}, "kafka": {"done": 3, "ranges": []}}


def fill_second(directory: Path, letters: int = 3) -> Sequence[bytes]:
    """Create a database with 15 readings, 10 of them sealed, two alerts, dead letters and cursors; return the lines."""
    directory.mkdir(exist_ok=True)
    lines = [line(f"pump-{offset % 2}", NOON + offset, offset) for offset in range(1, 16)]
    with closing(sqlite3.connect(directory / FILE, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.executescript(SECOND_SCHEMA)
        for name in ("pump-0", "pump-1"):
            database.execute("INSERT INTO device (name, last_at) VALUES (?, 0)", (name,))
        add_sealed(database, directory, lines[:10])
        add_batch(database, lines[10:])
        for name, body in CURSORS.items():
            database.execute("INSERT INTO cursor VALUES (?, ?)", (name, json.dumps(body)))
        database.execute("INSERT INTO alert VALUES (1, 'pump-1', '{}', 1), (2, 'pump-1', '{}', 0)")
        database.executemany(
            "INSERT INTO dead_letter (device_id, received_at, reason, message, payload) VALUES ('p', 1, 'json', '', ?)",
            [(b"{%d" % number,) for number in range(letters)],
        )
    return lines
