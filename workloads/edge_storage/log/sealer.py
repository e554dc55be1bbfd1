"""The thread that seals the tail."""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Protocol

from edge_pacing.backoff import Backoff
from edge_storage.database.damage import Damage
from edge_storage.database.errors import CorruptDatabaseError
from edge_storage.log.sealing import SealedState, TailChangedError, oldest_of_tail, seal
from edge_storage.log.segment_files import SegmentFiles
from edge_storage.log.tail import SealLimits
from edge_wire.store import StoreUnavailableError

FIRST_RETRY_SECONDS = 1.0
LONGEST_RETRY_SECONDS = 30.0
"""Seconds between two attempts while the segments cannot be written."""

CHANGES_AT_ONCE = 3
"""Attempts without a pause while the rows of the tail change; more in a row are not expected."""

logger = logging.getLogger(__name__)


class SealObserver(Protocol):
    """Observes sealing."""

    def sealed(self, readings: int, file_bytes: int, seconds: float) -> None:
        """Record a new segment with its number of `readings`, its `file_bytes`, and the `seconds` that it took."""


class IngestMemory(Protocol):
    """The state of the ingest."""

    @property
    def is_full(self) -> bool:
        """Whether the tail should be sealed."""

    def load(self, connection: sqlite3.Connection) -> SealedState:
        """Return the state in a transaction."""


class Sealer:
    """Seals the tail whenever it is full.

    Attributes:
        problem: why segments cannot be written now; None if they can.

    Args:
        files: the directory of the segments.
        connection: for this thread only.
        run: runs its argument in a transaction of the writer, in the caller's thread.
        state: of the ingest.
        limits: size of a segment.
        observer: of the new segments.
        damage: of the database; once there is any, nothing is sealed.
    """

    def __init__(
        self,
        files: SegmentFiles,
        connection: sqlite3.Connection,
        run: Callable[[Callable[[sqlite3.Connection], None]], None],
        state: IngestMemory,
        limits: SealLimits,
        observer: SealObserver,
        damage: Damage,
    ) -> None:
        self.problem: str | None = None
        self._backoff = Backoff(first=FIRST_RETRY_SECONDS, longest=LONGEST_RETRY_SECONDS)
        self._files = files
        self._connection = connection
        self._run = run
        self._state = state
        self._limits = limits
        self._observer = observer
        self._damage = damage
        self._changes = 0
        self._is_wanted = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="sealer")

    @property
    def is_alive(self) -> bool:
        """Whether the thread runs; if it ends before `close`, the tail grows until the disk is full."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def wake(self) -> None:
        """Let the thread check whether the tail is full."""
        self._is_wanted.set()

    def close(self) -> None:
        """Finish the segment that is being written, and stop the thread."""
        self._closing.set()
        self._is_wanted.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._connection.close()

    def _work(self) -> None:
        while True:
            self._is_wanted.wait()
            self._is_wanted.clear()
            if self._closing.is_set():
                return
            try:
                while self._state.is_full and self._damage.problem is None and not self._closing.is_set():
                    self._seal()
            except CorruptDatabaseError as error:
                self._damage.found(error)
            except TailChangedError as error:
                self._changed(error)
            except (OSError, sqlite3.Error, StoreUnavailableError) as error:
                self._wait(error)
            except Exception as error:
                # Whatever it was, the thread continues: without it the tail would grow until the disk is full.
                logger.exception("sealing failed")
                self.problem = f"the newest readings cannot be sealed ({type(error).__name__}: {error}): see the log"
                self._wait(error)

    def _changed(self, error: TailChangedError) -> None:
        self._changes += 1
        if self._changes > CHANGES_AT_ONCE:
            self._wait(error)
        else:
            self._is_wanted.set()

    def _wait(self, error: Exception) -> None:
        """Let the next attempt be later; the readings stay in the database."""
        seconds = self._backoff.next()
        if isinstance(error, OSError):
            self.problem = f"segments cannot be written ({error}): check the free space on the store's volume"
        logger.warning("cannot seal the newest readings; trying again in %.0f s: %s", seconds, error)
        self._closing.wait(seconds)
        self._is_wanted.set()

    def _seal(self) -> None:
        started = time.monotonic()
        segment = oldest_of_tail(self._connection, self._limits)
        if segment is None:
            return
        seal(self._files, segment, self._run, self._state.load)
        if self.problem is not None:
            logger.info("segments can be written again")
        self.problem = None
        self._backoff.reset()
        self._changes = 0
        self._observer.sealed(segment.count, len(segment.content), time.monotonic() - started)
