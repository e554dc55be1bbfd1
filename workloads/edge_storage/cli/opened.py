"""Opens a store for reading: the directory of a store, which may run, or a backup."""

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from edge_service.commands import CommandError
from edge_storage.database.connections import BUSY_MILLISECONDS, FILE
from edge_storage.database.errors import CorruptDatabaseError
from edge_storage.database.schema import APPLICATION_ID, OLDEST_READABLE, VERSION
from edge_storage.log.reader import LogReader
from edge_storage.log.segment_files import SegmentFiles
from edge_wire.store import StoreUnavailableError


class Damage:
    """Counts damaged chunks.

    Attributes:
        chunks: number of chunks that could not be read.
    """

    def __init__(self) -> None:
        self.chunks = 0

    def damaged_chunk(self) -> None:
        """Record a chunk that cannot be read."""
        self.chunks += 1


@dataclass(frozen=True, slots=True)
class OpenedStore:
    """A store that is read.

    Attributes:
        directory: of the database.
        connection: read-only.
        files: its segments.
        log: reads them.
        damage: counts what cannot be read.
    """

    directory: Path
    connection: sqlite3.Connection
    files: SegmentFiles
    log: LogReader
    damage: Damage


@contextlib.contextmanager
def opened(directory: Path) -> Iterator[OpenedStore]:
    """Open the store in `directory` for reading, without its lock.

    Raises:
        CommandError: it has no store, one of another release, or a damaged one, or the block cannot read a segment.
    """
    path = directory / FILE
    if not path.is_file():
        raise CommandError(f"{directory} is not the directory of a store or a backup: it has no {FILE}")
    try:
        connection = _connect(path)
    except sqlite3.Error as error:
        raise CommandError(f"{path} cannot be read ({error}): check that it is a database of this program") from error
    damage = Damage()
    files = SegmentFiles(directory)
    with contextlib.closing(connection):
        check_version(connection, path)
        try:
            yield OpenedStore(directory, connection, files, LogReader(files, damage), damage)
        except StoreUnavailableError as error:
            raise CommandError(str(error)) from error
        except CorruptDatabaseError as error:
            raise CommandError(f"{path} is damaged ({error}): use a backup") from error


def check_version(connection: sqlite3.Connection, path: Path) -> None:
    """Check that this release can read the readings of the database.

    Raises:
        CommandError: it is of another program or release, or is being migrated.
    """
    try:
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        is_migrating = connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'reading'").fetchone()[0]
    except sqlite3.Error as error:
        raise CommandError(f"{path} cannot be read ({error}): check that it is a database of this program") from error
    if application != APPLICATION_ID:
        raise CommandError(f"{path} is the database of another program")
    if not OLDEST_READABLE <= version <= VERSION:
        hint = "start the store of this release once, which migrates it" if version < VERSION else "use a newer release"
        raise CommandError(
            f"{path} has schema version {version}, this release reads {OLDEST_READABLE} to {VERSION}: {hint}"
        )
    if is_migrating:
        raise CommandError(f"{path} is not completely migrated to this release: start the store, and wait until it is")


def _connect(path: Path) -> sqlite3.Connection:
    name = quote(str(path.absolute()))
    try:
        return _try(f"file:{name}?mode=ro")
    except sqlite3.OperationalError:
        if path.with_name(f"{FILE}-wal").exists():
            raise
    # A medium that cannot be written, such as a mounted backup: SQLite needs to know that nobody else writes there.
    return _try(f"file:{name}?immutable=1")


def _try(uri: str) -> sqlite3.Connection:
    connection = sqlite3.connect(uri, uri=True, isolation_level=None)
    try:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
        connection.execute("SELECT count(*) FROM sqlite_master")
    except BaseException:
        connection.close()
        raise
    return connection
