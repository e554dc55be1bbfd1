"""Opens the store's directory: migrates an older database, replaces a damaged one, and checks the segments."""

import datetime as dt
import logging
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from edge_storage.database.connections import FILE, is_corrupt, open_writer
from edge_storage.database.errors import CorruptDatabaseError, DatabaseFileError
from edge_storage.database.set_aside import databases_without_note, set_database_aside
from edge_storage.database.transaction import transaction
from edge_storage.ingest.state import IngestState
from edge_storage.log.migration import Migration
from edge_storage.log.recovery import SKIPPED_OFFSETS, continue_after_loss, reconcile
from edge_storage.log.segment_files import SegmentFiles
from edge_storage.log.tail import SealLimits, batches, newest_offset
from edge_storage.sinks.loss import restore_cursors

logger = logging.getLogger(__name__)


class RecoveryObserver(Protocol):
    """Observes damaged files."""

    def set_aside(self, files: int) -> None:
        """Record a number of damaged `files` that were set aside."""


@dataclass(frozen=True, slots=True)
class Opening:
    """How to open a store.

    Attributes:
        directory: of the store; locked by this process.
        files: the directory of the segments.
        state: of the ingest, which is loaded.
        limits: size of a segment.
        observer: of damaged files.
        report: receives what the opening does now.
        is_stopped: whether the program ends.
    """

    directory: Path
    files: SegmentFiles
    state: IngestState
    limits: SealLimits
    observer: RecoveryObserver
    report: Callable[[str], None]
    is_stopped: Callable[[], bool]

    def run(self) -> sqlite3.Connection:
        """Return the writing connection.

        Raises:
            DatabaseFileError: the database cannot be used; a damaged one is not such a case.
            OpeningStoppedError: `is_stopped` returned True; the next start continues.
        """
        try:
            return self._open()
        except CorruptDatabaseError as error:
            self._replace_database(str(error))
        return self._open()

    def _open(self) -> sqlite3.Connection:
        connection = open_writer(self.directory)
        try:
            self._prepare(connection)
        except BaseException as error:
            connection.close()
            self.state.drop()
            if is_corrupt(error):
                raise CorruptDatabaseError(f"{self.directory / FILE} is damaged ({error})") from error
            if isinstance(error, OSError | sqlite3.Error):
                raise DatabaseFileError(
                    f"{self.directory} cannot be used ({error}): check that the volume is mounted, writable, not full"
                ) from error
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        now = dt.datetime.now(dt.UTC)
        self.files.prepare()
        # A damaged row of the tail is found before a file that may have the same readings is deleted.
        for _ in batches(connection):
            pass
        damaged = reconcile(connection, self.files, newest_offset(connection), now)
        for aside in databases_without_note(connection, self.directory):
            damaged += 1
            restore_cursors(connection, aside, newest_offset(connection) + SKIPPED_OFFSETS)
            continue_after_loss(connection, self.files, aside, "the database was damaged", now)
        if damaged:
            self.observer.set_aside(damaged)
        Migration(connection, self.files, self.limits, self._report_percent, self.is_stopped).run()
        self.report("reading the newest readings")
        with transaction(connection):
            self.state.load(connection)

    def _report_percent(self, percent: int) -> None:
        self.report(f"migrating: {percent} %")
        logger.info("migrating the readings of an older release: %d %%", percent)

    def _replace_database(self, reason: str) -> None:
        try:
            aside = set_database_aside(self.directory, dt.datetime.now(dt.UTC))
        except OSError as error:
            raise DatabaseFileError(
                f"{reason}, and cannot be renamed ({error}): move it to another directory, then restart the store"
            ) from error
        logger.error(
            "%s: it is now %s, and a new database replaces it; sealed readings are available, the newest readings, "
            "dead letters, alerts and commands in it are not: keep the file to recover them, or delete it",
            reason,
            aside,
        )
