"""The schema of the releases that had a row for each reading."""

from edge_storage.database.schema import APPLICATION_ID

FIRST_SCHEMA = f"""
CREATE TABLE reading (
  "offset" INTEGER PRIMARY KEY AUTOINCREMENT,
  device_id TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  session TEXT,
  seq INTEGER,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX reading_by_device ON reading (device_id);
CREATE UNIQUE INDEX reading_once ON reading (device_id, session, seq) WHERE session IS NOT NULL AND seq IS NOT NULL;

CREATE TABLE dead_letter (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  device_id TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  reason TEXT NOT NULL,
  message TEXT NOT NULL,
  payload BLOB NOT NULL
) STRICT;

CREATE TABLE arrival (
  device_id TEXT PRIMARY KEY,
  last_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

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
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = 1;
"""
