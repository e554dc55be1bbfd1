"""Savepoints: parts of a transaction that can be rolled back alone."""

import contextlib
import sqlite3
from collections.abc import Iterator
from typing import Protocol

from edge_storage.database.errors import CorruptDatabaseError


class TransactionMemory(Protocol):
    """What a transaction has in memory beside the database.

    Attributes:
        changes: number of changes so far; it only rises.
    """

    changes: int

    def drop(self) -> None:
        """Forget everything: the database was rolled back to an earlier state."""

    def committed(self) -> None:
        """React to a commit."""


@contextlib.contextmanager
def savepoint(connection: sqlite3.Connection, memory: TransactionMemory) -> Iterator[None]:
    """Roll back the writes of the block if it raises; savepoints may be nested.

    After a disk error nothing is rolled back here: the whole transaction will be.

    Args:
        connection: in a transaction.
        memory: is dropped if the block has changed it and raises.
    """
    connection.execute("SAVEPOINT part")
    changes = memory.changes
    try:
        yield
    except Exception as error:
        if not is_disk_error(error):
            connection.execute("ROLLBACK TO part")
            connection.execute("RELEASE part")
        if memory.changes != changes:
            memory.drop()
        raise
    connection.execute("RELEASE part")


def is_disk_error(error: Exception) -> bool:
    """Whether `error` is of the database or the disk, rather than of one request's data."""
    if isinstance(error, CorruptDatabaseError):
        return True
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(
        error, sqlite3.IntegrityError | sqlite3.DataError | sqlite3.ProgrammingError | sqlite3.NotSupportedError
    )
