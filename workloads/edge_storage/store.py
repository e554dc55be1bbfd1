"""The store as the routes use it: write with one, read with many."""

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
    """An open database that is this process's alone.

    Attributes:
        leases: Who grants the ingester's lease; for the writer's thread.
    """

    def __init__(self, directory: Path, locked: int, connection: sqlite3.Connection, observer: CommitObserver) -> None:
        self.leases = Leases(connection)
        self._locked = locked
        self._writer = Writer(connection, observer)
        self._readers = Readers(directory)
        self._writer.start()

    @classmethod
    def open(cls, directory: Path, observer: CommitObserver) -> Self | None:
        """Return the store in `directory`, made or brought up to date; None while another process has it.

        Raises:
            DatabaseFileError: It cannot be used at all.
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
        """Why nothing can be written now; None while it can."""
        return self._writer.problem

    @property
    def is_alive(self) -> bool:
        """Whether the writer's thread runs; nothing but a new process helps if it does not."""
        return self._writer.is_alive

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Return what `work` returned, once what it wrote is durable. See `Writer.run`.

        Raises:
            StoreUnavailableError: It could not be committed.
        """
        return await self._writer.run(work)

    async def read(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """Return what `question` finds.

        Raises:
            StoreUnavailableError: The database cannot be read.
        """
        return await self._readers.run(question)

    async def close(self) -> None:
        """Write what waits, then close."""
        await self._writer.close()
        self._readers.close()
        os.close(self._locked)
