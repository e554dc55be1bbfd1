"""Read-only connections, beside the writer."""

import asyncio
import queue
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from edge_storage.database.connections import open_reader
from edge_storage.database.damage import Damage
from edge_storage.database.errors import CorruptDatabaseError
from edge_wire.store import StoreUnavailableError

T = TypeVar("T")
COUNT = 2


class Readers:
    """Runs queries in separate threads; a query sees everything that was committed before it.

    Args:
        directory: of the database.
        damage: receives what a query finds damaged.
    """

    def __init__(self, directory: Path, damage: Damage) -> None:
        self._damage = damage
        self._connections: queue.SimpleQueue[sqlite3.Connection] = queue.SimpleQueue()
        for _ in range(COUNT):
            self._connections.put(open_reader(directory))
        self._threads = ThreadPoolExecutor(COUNT, thread_name_prefix="reader")

    async def run(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """Run `question` in another thread and return its result.

        Raises:
            StoreUnavailableError: the database, or a file that the question is about, cannot be read.
        """
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._ask, question)

    def close(self) -> None:
        """Finish the running queries, then close the connections."""
        self._threads.shutdown()
        while not self._connections.empty():
            self._connections.get().close()

    def _ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        connection = self._connections.get()
        try:
            return question(connection)
        except sqlite3.Error as error:
            raise StoreUnavailableError(f"the database cannot be read: {error}") from error
        except CorruptDatabaseError as error:
            raise StoreUnavailableError(f"the database cannot be read: {self._damage.found(error)}") from error
        except OSError as error:
            raise StoreUnavailableError(f"a file of the store cannot be read: {error}") from error
        finally:
            self._connections.put(connection)
