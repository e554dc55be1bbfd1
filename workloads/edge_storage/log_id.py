"""The id of a log: with it an offset names one reading for ever. A database that may repeat offsets has a new one."""

import secrets
import sqlite3

from edge_wire.store import FencedError

LOG_ID = "log_id"
"""Name of the setting."""


def log_id(connection: sqlite3.Connection) -> str:
    """Return the id of the log: 32 hexadecimal digits."""
    (value,) = connection.execute("SELECT value FROM setting WHERE name = ?", (LOG_ID,)).fetchone()
    return str(value)


def check_log(connection: sqlite3.Connection, expected: str) -> None:
    """Check that a request is about this log; an empty id always passes: the sender does not know it.

    Raises:
        FencedError: it is about another one.
    """
    if expected and expected != (found := log_id(connection)):
        raise FencedError(f"the log of the store is {found}, not {expected}: begin again")


def renew_log_id(connection: sqlite3.Connection) -> None:
    """Give the log a new id, unless its schema is of a release without ids: the migration creates one."""
    connection.execute("UPDATE setting SET value = ? WHERE name = ?", (secrets.token_hex(16), LOG_ID))
