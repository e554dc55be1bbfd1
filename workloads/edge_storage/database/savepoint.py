"""Part of a transaction that can be undone alone."""

import contextlib
import sqlite3
from collections.abc import Iterator


@contextlib.contextmanager
def savepoint(connection: sqlite3.Connection) -> Iterator[None]:
    """Undo what the block wrote if it raises; savepoints may be nested.

    Where the disk is at fault nothing is undone: the whole transaction will be.
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
    """Whether `error` is the database's or the disk's, rather than of what one request wanted to write."""
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(
        error, sqlite3.IntegrityError | sqlite3.DataError | sqlite3.ProgrammingError | sqlite3.NotSupportedError
    )
