"""`edge-storage backup`: a consistent copy of a store while it runs."""

import contextlib
import errno
import os
import shutil
import sqlite3
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from edge_service.commands import CommandError
from edge_storage.cli.opened import OpenedStore, opened
from edge_storage.database.connections import FILE
from edge_storage.log.segment_files import SegmentFiles
from edge_storage.log.segment_index import remove_segment, segments

TAR_SUFFIX = ".tar"
STDOUT = "-"


def back_up(directory: Path, target: str) -> None:
    """Write a backup of the store in `directory`.

    Args:
        directory: of the store, which may run.
        target: a new directory, a file that ends with `.tar`, or `-` for a tar file on stdout.

    Raises:
        CommandError: it cannot be read or written.
    """
    try:
        with opened(directory) as store:
            if target == STDOUT or target.endswith(TAR_SUFFIX):
                _to_tar(store, target)
            else:
                _to_directory(store, Path(target))
    except (OSError, sqlite3.Error, tarfile.TarError) as error:
        if isinstance(error, BrokenPipeError):
            raise
        raise CommandError(f"cannot back up {directory} to {target}: {error}") from error


def _to_directory(store: OpenedStore, target: Path) -> None:
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise CommandError(f"{target} exists and is not an empty directory: name a new one")
    target.mkdir(parents=True, exist_ok=True)
    copies = SegmentFiles(target)
    copies.prepare()
    with _copied_database(store, target / FILE) as index:
        count = 0
        for segment in segments(index):
            try:
                _link_or_copy(store.files.path(segment.last_offset), copies.path(segment.last_offset))
            except FileNotFoundError:
                _forget(index, segment.last_offset)
            else:
                count += 1
    _report(target, count)


def _to_tar(store: OpenedStore, target: str) -> None:
    """Write a tar file with the segments, then the database: its index lists exactly the segments before it."""
    with contextlib.ExitStack() as stack:
        copy = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="edge-backup-"))) / FILE
        output = sys.stdout.buffer if target == STDOUT else stack.enter_context(Path(target).open("xb"))
        tar = stack.enter_context(tarfile.open(fileobj=output, mode="w|"))
        count = 0
        with _copied_database(store, copy) as index:
            for segment in segments(index):
                path = store.files.path(segment.last_offset)
                try:
                    tar.add(path, f"segments/{path.name}")
                except FileNotFoundError:
                    _forget(index, segment.last_offset)
                else:
                    count += 1
        tar.add(copy, FILE)
    _report(Path(target), count)


@contextlib.contextmanager
def _copied_database(store: OpenedStore, target: Path) -> Iterator[sqlite3.Connection]:
    """Copy the database, and yield a connection to the copy, which is complete when the block ends."""
    with contextlib.closing(sqlite3.connect(target, isolation_level=None)) as copy:
        store.connection.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
        yield copy


def _forget(index: sqlite3.Connection, last_offset: int) -> None:
    """Remove a segment that retention deleted after the index was copied."""
    index.execute("BEGIN")
    remove_segment(index, last_offset)
    index.execute("COMMIT")


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno == errno.ENOENT:
            raise
        shutil.copyfile(source, target)


def _report(target: Path, count: int) -> None:
    sys.stderr.write(f"backed up the database and {count} segments to {target}\n")
