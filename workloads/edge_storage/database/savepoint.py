"""Savepoints: parts of a transaction that can be rolled back alone."""

import contextlib
import sqlite3
from collections.abc import Iterator


@contextlib.contextmanager
def savepoint(connection: sqlite3.Connection) -> Iterator[None]:
    """Roll back the writes of the block if it raises; savepoints may be nested.

    After a disk error nothing is rolled back here: the whole transaction will be.
    """
    connection.execute("SAVEPOINT part")
    try:
        yield
    except Exception as error:
        if not is_disk_error(error):
            connection.execute("ROLLBACK TO part")
            connection.execute("RELEASE part")
        raise
    connection.execute("RELEASE part")


def is_disk_error(error: Exception) -> bool:
    """Whether `error` is of the database or the disk, rather than of one request's data."""
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(
        error, sqlite3.IntegrityError | sqlite3.DataError | sqlite3.ProgrammingError | sqlite3.NotSupportedError
    )
