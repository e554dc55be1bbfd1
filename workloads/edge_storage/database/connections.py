"""Connections to the database file."""

import fcntl
import os
import sqlite3
from pathlib import Path

from edge_storage.database.errors import DatabaseFileError
from edge_storage.database.schema import migrate

FILE = "edge.db"
LOCK = "edge.lock"
BUSY_MILLISECONDS = 5000
JOURNAL_BYTES = 32 * 1024 * 1024
"""Size in bytes to which the write-ahead log is truncated after it has grown."""

CACHE_KIB = 8 * 1024


def open_writer(directory: Path) -> sqlite3.Connection:
    """Return the writing connection to the database in `directory`, which is created or migrated.

    It is in autocommit mode: the caller begins and ends transactions.

    Raises:
        DatabaseFileError: the file cannot be opened or written, or is not such a database.
    """
    path = directory / FILE
    try:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            _configure(connection)
            migrate(connection, path)
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        raise DatabaseFileError(
            f"{path} cannot be used ({error}): check that the volume is mounted, writable and not full, "
            "and that the file is a database of this program"
        ) from error
    return connection


def open_reader(directory: Path) -> sqlite3.Connection:
    """Return a read-only connection to a database that `open_writer` has opened."""
    connection = sqlite3.connect(directory / FILE, isolation_level=None, check_same_thread=False)
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
    connection.execute("PRAGMA query_only = ON")
    return connection


def lock(directory: Path) -> int | None:
    """Lock `directory` and return the descriptor of the lock; None while another store has locked it.

    Raises:
        DatabaseFileError: the directory cannot be written.
    """
    path = directory / LOCK
    try:
        directory.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise DatabaseFileError(
            f"{path} cannot be created ({error.strerror}): set STORAGE_PATH to a writable directory"
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _configure(connection: sqlite3.Connection) -> None:
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA journal_size_limit = {JOURNAL_BYTES}")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
