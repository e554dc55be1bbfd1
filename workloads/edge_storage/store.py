"""The store as the routes use it: one writer, several readers, and the thread that seals."""

import asyncio
import os
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from edge_storage import cursors
from edge_storage.database.connections import FILE, lock, open_reader
from edge_storage.database.damage import Damage
from edge_storage.database.jobs import CommitObserver
from edge_storage.database.readers import Readers
from edge_storage.database.writer import Writer
from edge_storage.ingest.state import IngestState
from edge_storage.lease import Leases
from edge_storage.log.reader import DamageObserver, LogReader
from edge_storage.log.sealer import Sealer, SealObserver
from edge_storage.log.segment_files import SegmentFiles
from edge_storage.log.tail import SealLimits
from edge_storage.opening import Opening, RecoveryObserver
from edge_wire.store import StoreUnavailableError

T = TypeVar("T")


class StoreObserver(CommitObserver, DamageObserver, SealObserver, RecoveryObserver, Protocol):
    """Observes everything that the store does."""


@dataclass(frozen=True, slots=True)
class _Parts:
    lock_file: int
    leases: Leases
    writer: Writer
    readers: Readers
    sealer: Sealer


class Store:
    """A store that only this process uses. Until `open` has returned, each request fails with StoreUnavailableError.

    Attributes:
        directory: of the database and the segments.
        files: the directory of the segments.
        state: of the ingest; for transactions.
        log: reads the readings.

    Args:
        limits: size of a segment.
    """

    def __init__(self, directory: Path, observer: StoreObserver, limits: SealLimits | None = None) -> None:
        self.directory = directory
        self.files = SegmentFiles(directory)
        self.log = LogReader(self.files, observer)
        self._limits = limits or SealLimits()
        self.state = IngestState(self._limits, self._wake_sealer)
        self._observer = observer
        self._progress = "opening the database"
        self._stopping = threading.Event()
        self._parts: _Parts | None = None

    def open(self) -> bool:
        """Open the store, which is created or migrated; return False while another process uses the directory.

        It can take minutes, if a database of an older release is migrated.

        Raises:
            DatabaseFileError: it cannot be used.
            OpeningStoppedError: `stop_opening` was called.
        """
        locked = lock(self.directory)
        if locked is None:
            return False
        try:
            opening = Opening(
                self.directory,
                self.files,
                self.state,
                self._limits,
                self._observer,
                self._report,
                self._stopping.is_set,
            )
            self._parts = self._start(locked, opening.run())
        except BaseException:
            os.close(locked)
            raise
        self._wake_sealer()
        return True

    def stop_opening(self) -> None:
        """Let `open` return soon."""
        self._stopping.set()

    @property
    def problem(self) -> str | None:
        """Why the database or the segments cannot be written now; None if they can."""
        return self._progress if self._parts is None else self._parts.writer.problem or self._parts.sealer.problem

    @property
    def is_alive(self) -> bool:
        """Whether writer and sealer run and the database is not damaged; if not, only a restart helps."""
        return self._parts is None or (self._parts.writer.is_alive and self._parts.sealer.is_alive)

    @property
    def leases(self) -> Leases:
        """Grants the ingester's lease; for transactions.

        Raises:
            StoreUnavailableError: the store is not open.
        """
        return self._open_parts.leases

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` and return its result after the commit. See `Writer.run`.

        Raises:
            StoreUnavailableError: it could not be committed.
        """
        return await self._open_parts.writer.run(work)

    def write_here(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in the caller's thread and return its result after the commit. See `Writer.run_here`.

        Raises:
            StoreUnavailableError: it could not be committed.
        """
        return self._open_parts.writer.run_here(work)

    async def read(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """Run `question` and return its result.

        Raises:
            StoreUnavailableError: the database, or a file that the question is about, cannot be read.
        """
        return await self._open_parts.readers.run(question)

    async def close(self) -> None:
        """Commit the waiting writes, then close."""
        if self._parts is None:
            return
        await asyncio.to_thread(self._parts.sealer.close)
        await self._parts.writer.close()
        self._parts.readers.close()
        os.close(self._parts.lock_file)

    @property
    def _open_parts(self) -> _Parts:
        if self._parts is None:
            raise StoreUnavailableError(f"the store is starting ({self._progress}): retry")
        return self._parts

    def _start(self, locked: int, connection: sqlite3.Connection) -> _Parts:
        cursors.begin(connection)
        damage = Damage(self.directory / FILE)
        writer = Writer(connection, self._observer, self.state, damage)
        sealer = Sealer(
            self.files, open_reader(self.directory), writer.run_here, self.state, self._limits, self._observer, damage
        )
        parts = _Parts(locked, Leases(connection), writer, Readers(self.directory, damage), sealer)
        writer.start()
        sealer.start()
        return parts

    def _wake_sealer(self) -> None:
        if self._parts is not None:
            self._parts.sealer.wake()

    def _report(self, progress: str) -> None:
        self._progress = progress
