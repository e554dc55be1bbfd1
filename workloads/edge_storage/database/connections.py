"""Connections to the database file."""

import fcntl
import os
import sqlite3
from pathlib import Path

from edge_storage.database.errors import CorruptDatabaseError, DatabaseFileError
from edge_storage.database.schema import migrate

FILE = "edge.db"
FILES = (FILE, f"{FILE}-wal", f"{FILE}-shm")
"""The database with its write-ahead log and the index of that."""

LOCK = "edge.lock"
BUSY_MILLISECONDS = 5000
JOURNAL_BYTES = 32 * 1024 * 1024
"""Size in bytes to which the write-ahead log is truncated after it has grown."""

CACHE_KIB = 8 * 1024
PAGE_BYTES = 1024
"""Size of a page. With 4 KiB, a commit of 20 readings writes a third more."""

CHECKPOINT_PAGES = 8000
"""Number of pages in the write-ahead log after which it is copied to the database."""

MAX_CHECKED_BYTES = 256 * 1024 * 1024
"""A larger database is not checked as a whole at the start: that would take seconds."""

_CORRUPT = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


def open_writer(directory: Path) -> sqlite3.Connection:
    """Return the writing connection to the database in `directory`, which is created or migrated.

    It is in autocommit mode: the caller begins and ends transactions.

    Raises:
        CorruptDatabaseError: the file is damaged, or is not a database.
        DatabaseFileError: the file cannot be opened or written, or is not such a database.
    """
    path = directory / FILE
    try:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            _configure(connection)
            migrate(connection, path)
            _check(connection, path)
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        if is_corrupt(error):
            raise CorruptDatabaseError(f"{path} is damaged ({error})") from error
        raise DatabaseFileError(
            f"{path} cannot be used ({error}): check that the volume is mounted, writable and not full, "
            "and that the file is a database of this program"
        ) from error
    return connection


def rebuild(connection: sqlite3.Connection) -> None:
    """Write the database again, without its unused space and with pages of `PAGE_BYTES`.

    Args:
        connection: of the writer, the only one.

    Raises:
        sqlite3.OperationalError: the disk is full; the database is unchanged.
    """
    try:
        # The size of the pages cannot be changed while there is a write-ahead log.
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        connection.execute("VACUUM")
    finally:
        connection.execute("PRAGMA journal_mode = WAL")


def is_corrupt(error: BaseException) -> bool:
    """Whether `error` shows that the database file is damaged."""
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(error, CorruptDatabaseError) or (code is not None and code & 0xFF in _CORRUPT)


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
    # Has an effect on a new file only; see also `rebuild`.
    connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA journal_size_limit = {JOURNAL_BYTES}")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    # Else the copies for a rollback of large parts are files, which would double what is written.
    connection.execute("PRAGMA temp_store = MEMORY")
    # Else some builds of SQLite overwrite deleted rows with zeros: every sealed reading would be written once more.
    connection.execute("PRAGMA secure_delete = OFF")


def _check(connection: sqlite3.Connection, path: Path) -> None:
    if path.stat().st_size > MAX_CHECKED_BYTES:
        return
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise CorruptDatabaseError(f"{path} is damaged ({found})")
