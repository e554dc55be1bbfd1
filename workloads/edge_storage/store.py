"""The store as the routes use it: one writer, several readers."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Self, TypeVar

from edge_storage.database.connections import lock, open_writer
from edge_storage.database.errors import DatabaseFileError
from edge_storage.database.readers import Readers
from edge_storage.database.writer import CommitObserver, Writer
from edge_storage.lease import Leases

T = TypeVar("T")


class Store:
    """An open database that only this process uses.

    Attributes:
        leases: grants the ingester's lease; for the writer's thread.
    """

    def __init__(
        self, directory: Path, lock_file: int, connection: sqlite3.Connection, observer: CommitObserver
    ) -> None:
        self.leases = Leases(connection)
        self._lock_file = lock_file
        self._writer = Writer(connection, observer)
        self._readers = Readers(directory)
        self._writer.start()

    @classmethod
    def open(cls, directory: Path, observer: CommitObserver) -> Self | None:
        """Open the store in `directory`, creating or migrating it; return None while another process uses it.

        Raises:
            DatabaseFileError: it cannot be used.
        """
        locked = lock(directory)
        if locked is None:
            return None
        try:
            return cls(directory, locked, open_writer(directory), observer)
        except (DatabaseFileError, sqlite3.Error):
            os.close(locked)
            raise

    @property
    def problem(self) -> str | None:
        """Why the database cannot be written now; None if it can."""
        return self._writer.problem

    @property
    def is_alive(self) -> bool:
        """Whether the writer's thread runs; if not, only a restart of the process helps."""
        return self._writer.is_alive

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` and return its result after the commit. See `Writer.run`.

        Raises:
            StoreUnavailableError: it could not be committed.
        """
        return await self._writer.run(work)

    async def read(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """Run `question` and return its result.

        Raises:
            StoreUnavailableError: the database cannot be read.
        """
        return await self._readers.run(question)

    async def close(self) -> None:
        """Commit the waiting writes, then close."""
        await self._writer.close()
        self._readers.close()
        os.close(self._lock_file)
