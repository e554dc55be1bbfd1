"""The tables, and the migration of files of older releases."""

import sqlite3
from pathlib import Path

from edge_storage.database.errors import DatabaseFileError

APPLICATION_ID = 0x45444745
"""SQLite's application_id in the file's header: identifies our files."""

_SHARED = """
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
"""

_LOG = """
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
"""

_FROM_FIRST = """
DROP INDEX reading_by_device;
DROP INDEX reading_once;
INSERT INTO device (name, last_at) SELECT device_id, last_at FROM arrival;
DROP TABLE arrival;
UPDATE setting SET value = (SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'reading')
WHERE name = 'newest_offset';
"""
"""The rows of the table `reading` are moved to segments afterwards; see `migration`."""

_SINKS = """
ALTER TABLE dead_letter ADD COLUMN sink TEXT;
ALTER TABLE dead_letter ADD COLUMN "offset" INTEGER;
ALTER TABLE dead_letter ADD COLUMN resending INTEGER NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX dead_letter_of_sink ON dead_letter (sink, "offset") WHERE sink IS NOT NULL;
CREATE INDEX dead_letter_to_resend ON dead_letter (sink, id) WHERE resending = 1;

CREATE TABLE alert_cursor (
  name TEXT PRIMARY KEY,
  id INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO setting (name, value) VALUES ('log_id', lower(hex(randomblob(16))));
"""

_STEPS = {0: _SHARED + _LOG + _SINKS, 1: _LOG + _FROM_FIRST + _SINKS, 2: _SINKS}
"""The statements that lead from a version (0: an empty file) to the newest."""

VERSION = 3
"""Number of the newest schema, as in `user_version`."""

OLDEST_READABLE = 2
"""The oldest version with the same tables of readings as the newest."""


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Give the database of `connection`, which is in autocommit mode, the tables of the newest version; atomic.

    Readings of version 1 stay in the table `reading` until `migration.Migration` has moved them.

    Raises:
        DatabaseFileError: it is of a newer release, or of another program.
    """
    found = _pragma(connection, "user_version")
    if found > VERSION:
        raise DatabaseFileError(
            f"{path} has schema version {found}, this release knows {VERSION}: "
            "run the release that wrote it, or a newer one"
        )
    if found and _pragma(connection, "application_id") != APPLICATION_ID:
        raise DatabaseFileError(
            f"{path} is the database of another program: set STORAGE_PATH to a directory for this store only"
        )
    if found < VERSION:
        connection.executescript(
            f"BEGIN IMMEDIATE; {_STEPS[found]} PRAGMA application_id = {APPLICATION_ID};"
            f" PRAGMA user_version = {VERSION}; COMMIT;"
        )


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])
