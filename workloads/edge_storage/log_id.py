"""The id of a log: with it an offset names one reading for ever. A database that may repeat offsets has a new one."""

import secrets
import sqlite3

LOG_ID = "log_id"
"""Name of the setting."""


def log_id(connection: sqlite3.Connection) -> str:
    """Return the id of the log: 32 hexadecimal digits."""
    (value,) = connection.execute("SELECT value FROM setting WHERE name = ?", (LOG_ID,)).fetchone()
    return str(value)


def renew_log_id(connection: sqlite3.Connection) -> None:
    """Give the log a new id, unless its schema is of a release without ids: the migration creates one."""
    connection.execute("UPDATE setting SET value = ? WHERE name = ?", (secrets.token_hex(16), LOG_ID))
