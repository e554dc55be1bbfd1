"""The writer's thread: waiting requests share a transaction, and are answered after its commit."""

import asyncio
import contextlib
import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from edge_storage.database.savepoint import is_disk_error, savepoint
from edge_wire.store import StoreUnavailableError

T = TypeVar("T")
GROUP_SECONDS = 0.1
"""Seconds after which a transaction accepts no more requests, so that the earlier ones are answered."""

RECHECK_SECONDS = 1.0
"""Seconds between two attempts to write while the database cannot be written."""

logger = logging.getLogger(__name__)


class CommitObserver(Protocol):
    """Observes transactions."""

    def committed(self, requests: int, seconds: float) -> None:
        """Record a commit of a number of `requests` that took `seconds`."""

    def failed(self) -> None:
        """Record a transaction that could not be committed."""


@dataclass(frozen=True, slots=True)
class _Job:
    work: Callable[[sqlite3.Connection], Any]
    future: Future[Any]


@dataclass(frozen=True, slots=True)
class _Outcome:
    job: _Job
    result: Any = None
    error: Exception | None = None

    def deliver(self) -> None:
        if self.error is not None:
            self.job.future.set_exception(self.error)
        else:
            self.job.future.set_result(self.result)


class Writer:
    """Commits the writes of requests, in groups.

    Attributes:
        problem: why the database cannot be written now; None if it can.
    """

    def __init__(self, connection: sqlite3.Connection, observer: CommitObserver) -> None:
        self.problem: str | None = None
        self._connection = connection
        self._observer = observer
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._is_closing = False
        self._thread = threading.Thread(target=self._run, name="writer")

    @property
    def is_alive(self) -> bool:
        """Whether the thread runs; if it ends before `close`, nothing can be written any more."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Start the thread; requests before that wait."""
        self._thread.start()

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` and return its result after the commit.

        `work` runs in the writer's thread. If it raises, its writes are rolled back and the error is raised here.

        Raises:
            StoreUnavailableError: the transaction could not be committed, and was rolled back; only if the disk failed
                during the commit may it exist after a restart.
        """
        future: Future[T] = Future()
        self._jobs.put(_Job(work, future))
        return await asyncio.wrap_future(future)

    async def close(self) -> None:
        """Commit the waiting requests, then stop the thread and close the connection."""
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        while not self._is_closing:
            try:
                first = self._take(RECHECK_SECONDS if self.problem is not None else None)
            except queue.Empty:
                self._recheck()
                continue
            if first is not None:
                self._write(first)
        self._connection.close()

    def _take(self, seconds: float | None) -> _Job | None:
        """Return the next job; None if its request was cancelled, or at the end.

        Raises:
            queue.Empty: there was none within `seconds`.
        """
        job = self._jobs.get(timeout=seconds)
        if job is None:
            self._is_closing = True
            return None
        return job if job.future.set_running_or_notify_cancel() else None

    def _write(self, first: _Job) -> None:
        started = time.monotonic()
        group = [first]
        try:
            outcomes = self._commit(group, started + GROUP_SECONDS)
        except Exception as error:  # noqa: BLE001 - whatever it was, the thread continues and each request gets the error
            outcomes = self._undone(group, error)
        else:
            self.problem = None
            self._observer.committed(len(group), time.monotonic() - started)
        for outcome in outcomes:
            outcome.deliver()

    def _commit(self, group: list[_Job], ends_at: float) -> list[_Outcome]:
        """Run the job in `group` and the waiting ones, which are added to `group`, until `ends_at`."""
        self._connection.execute("BEGIN IMMEDIATE")
        outcomes = [self._attempt(group[0])]
        with contextlib.suppress(queue.Empty):
            while time.monotonic() < ends_at and not self._is_closing:
                job = self._take(seconds=0)
                if job is not None:
                    group.append(job)
                    outcomes.append(self._attempt(job))
        self._connection.execute("COMMIT")
        return outcomes

    def _attempt(self, job: _Job) -> _Outcome:
        try:
            with savepoint(self._connection):
                return _Outcome(job, job.work(self._connection))
        except Exception as error:
            if is_disk_error(error):
                raise
            return _Outcome(job, error=error)

    def _undone(self, group: list[_Job], error: Exception) -> list[_Outcome]:
        self._observer.failed()
        with contextlib.suppress(sqlite3.Error):
            # SQLite may have rolled back already.
            self._connection.execute("ROLLBACK")
        self.problem = f"the database cannot be written: {error}"
        logger.error("%d requests were not stored; each sender gets an error: %s", len(group), error)
        unavailable = StoreUnavailableError(
            f"{self.problem}; this request was not stored: check the free space on the store's volume, then retry"
        )
        return [_Outcome(job, error=unavailable) for job in group]

    def _recheck(self) -> None:
        try:
            self._connection.execute("UPDATE setting SET value = value + 1 WHERE name = 'probe'")
        except sqlite3.Error as error:
            self.problem = f"the database cannot be written: {error}"
        else:
            self.problem = None
            logger.info("the database can be written again")
