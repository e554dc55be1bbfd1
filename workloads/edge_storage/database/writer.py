"""The writer: waiting requests share a transaction in its thread; another thread may commit its own."""

import asyncio
import contextlib
import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import TypeVar

from edge_storage.database.damage import Damage
from edge_storage.database.errors import CorruptDatabaseError
from edge_storage.database.jobs import CommitObserver, Job, Outcome
from edge_storage.database.savepoint import TransactionMemory, is_disk_error, savepoint
from edge_wire.store import StoreUnavailableError

T = TypeVar("T")
GROUP_SECONDS = 0.1
"""Seconds after which a transaction accepts no more requests, so that the earlier ones are answered."""

RECHECK_SECONDS = 1.0
"""Seconds between two attempts to write while the database cannot be written."""

FAILED_SECONDS = 3.0
"""Seconds for which a failure counts: on a full disk small writes still succeed. The processor retries within 2 s."""

logger = logging.getLogger(__name__)


class Writer:
    """Commits the writes of requests, in groups. One transaction runs at a time, under a lock.

    Args:
        connection: for writing.
        observer: of the commits.
        memory: of the transactions.
        damage: of the database; once there is any, nothing is written.
    """

    def __init__(
        self, connection: sqlite3.Connection, observer: CommitObserver, memory: TransactionMemory, damage: Damage
    ) -> None:
        self._problem: str | None = None
        self._damage = damage
        self._connection = connection
        self._observer = observer
        self._memory = memory
        self._lock = threading.Lock()
        self._next = threading.Lock()
        self._is_closed = False
        self._failed_at = -FAILED_SECONDS
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._is_closing = False
        self._thread = threading.Thread(target=self._run, name="writer")

    @property
    def problem(self) -> str | None:
        """Why the database cannot be written now; None if it can."""
        return self._damage.problem or self._problem

    @property
    def is_alive(self) -> bool:
        """Whether the thread runs and the database is not damaged; if not, nothing can be written any more."""
        return self._thread.is_alive() and self._damage.problem is None

    def start(self) -> None:
        """Start the thread; requests before that wait."""
        self._thread.start()

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` and return its result after the commit.

        `work` runs in the writer's thread. If it raises, its writes are rolled back and the error is raised here.

        Raises:
            StoreUnavailableError: the transaction was rolled back; it may exist only if the disk failed at the commit.
        """
        future: Future[T] = Future()
        self._jobs.put(Job(work, future))
        return await asyncio.wrap_future(future)

    def run_here(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in the caller's thread in a transaction of its own, and return its result after the commit.

        It waits for the transaction that runs.

        Raises:
            StoreUnavailableError: as in `run`, or the writer is closed.
        """
        with self._turn():
            if self._is_closed:
                raise StoreUnavailableError("the store is shutting down; this request was not stored: retry")
            if self._damage.problem is not None:
                raise self._refused(self._damage.problem)
            started, changes = time.monotonic(), self._memory.changes
            try:
                # Without a savepoint: SQLite would keep a copy of each changed page.
                self._connection.execute("BEGIN IMMEDIATE")
                result = work(self._connection)
                self._connection.execute("COMMIT")
            except Exception as error:
                if is_disk_error(error):
                    raise self._failed(1, error) from error
                self._roll_back(changes)
                raise
            self._succeeded(1, started)
        return result

    async def close(self) -> None:
        """Commit the waiting requests, then stop the thread and close the connection."""
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        while not self._is_closing:
            try:
                first = self._take(RECHECK_SECONDS if self._problem is not None else None)
            except queue.Empty:
                self._recheck()
                continue
            if first is not None:
                self._write(first)
        with self._turn():
            self._is_closed = True
            self._connection.close()

    def _take(self, seconds: float | None) -> Job | None:
        """Return the next job; None if its request was cancelled, or at the end.

        Raises:
            queue.Empty: there was none within `seconds`.
        """
        job = self._jobs.get(timeout=seconds)
        if job is None:
            self._is_closing = True
            return None
        return job if job.future.set_running_or_notify_cancel() else None

    def _write(self, first: Job) -> None:
        with self._turn():
            outcomes = self._transaction([first], time.monotonic() + GROUP_SECONDS)
        for outcome in outcomes:
            outcome.deliver()

    def _transaction(self, group: list[Job], ends_at: float) -> list[Outcome]:
        started = time.monotonic()
        if self._damage.problem is not None:
            refused = self._refused(self._damage.problem)
            return [Outcome(job, error=refused) for job in group]
        try:
            outcomes = self._commit(group, ends_at)
        except Exception as error:  # noqa: BLE001 - whatever it was, the thread continues and each request gets the error
            unavailable = self._failed(len(group), error)
            return [Outcome(job, error=unavailable) for job in group]
        self._succeeded(len(group), started)
        return outcomes

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait for the transaction that runs. The next one is that of the thread that waits longest."""
        with self._next:
            self._lock.acquire()
        try:
            yield
        finally:
            self._lock.release()

    def _commit(self, group: list[Job], ends_at: float) -> list[Outcome]:
        """Run the job in `group` and the waiting ones, which are added to `group`, until `ends_at`."""
        self._connection.execute("BEGIN IMMEDIATE")
        outcomes = [self._attempt(group[0])]
        with contextlib.suppress(queue.Empty):
            while time.monotonic() < ends_at and not self._is_closing and not self._next.locked():
                job = self._take(seconds=0)
                if job is not None:
                    group.append(job)
                    outcomes.append(self._attempt(job))
        self._connection.execute("COMMIT")
        return outcomes

    def _attempt(self, job: Job) -> Outcome:
        try:
            with savepoint(self._connection, self._memory):
                return Outcome(job, job.work(self._connection))
        except Exception as error:
            if is_disk_error(error):
                raise
            return Outcome(job, error=error)

    def _succeeded(self, requests: int, started: float) -> None:
        self._clear_problem()
        self._observer.committed(requests, time.monotonic() - started)
        self._memory.committed()

    def _failed(self, requests: int, error: Exception) -> StoreUnavailableError:
        """Roll back, and return the error for the senders."""
        self._observer.failed()
        self._roll_back()
        if isinstance(error, CorruptDatabaseError):
            return StoreUnavailableError(f"this request was not stored: {self._damage.found(error)}")
        self._problem, self._failed_at = f"the database cannot be written: {error}", time.monotonic()
        logger.error("%d requests were not stored; each sender gets an error: %s", requests, error)
        advice = "this request was not stored: check the free space on the store's volume, then retry"
        return StoreUnavailableError(f"{self._problem}; {advice}")

    def _refused(self, problem: str) -> StoreUnavailableError:
        """Return the error for the senders: what is stored in a damaged database is lost at the next start."""
        self._observer.failed()
        return StoreUnavailableError(f"this request was not stored: {problem}")

    def _roll_back(self, changes: int | None = None) -> None:
        """Roll back the transaction, and drop the memory unless the number of its changes is still `changes`."""
        with contextlib.suppress(sqlite3.Error):  # SQLite may have rolled back already.
            self._connection.execute("ROLLBACK")
        if self._memory.changes != changes:
            self._memory.drop()

    def _recheck(self) -> None:
        try:
            with self._turn():
                self._connection.execute("UPDATE setting SET value = value + 1 WHERE name = 'probe'")
        except sqlite3.Error as error:
            self._problem = f"the database cannot be written: {error}"
        else:
            self._clear_problem()

    def _clear_problem(self) -> None:
        if self._problem is not None and time.monotonic() - self._failed_at >= FAILED_SECONDS:
            self._problem = None
            logger.info("the database can be written again")
