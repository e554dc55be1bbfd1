"""`edge-storage restore`: puts a backup into an empty directory, after it has verified every checksum."""

import contextlib
import datetime as dt
import os
import re
import shutil
import sqlite3
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from edge_service.commands import CommandError
from edge_storage.cli.backup import STDOUT, TAR_SUFFIX
from edge_storage.cli.opened import OpenedStore, opened
from edge_storage.database.connections import FILE, LOCK, lock
from edge_storage.database.errors import DatabaseFileError
from edge_storage.lease import fence_off
from edge_storage.log.segment import DamagedChunkError, chunks_of
from edge_storage.log.segment_files import SegmentFiles
from edge_storage.log.segment_index import Segment, chunks_of_segment, segments
from edge_storage.log_id import renew_log_id

_MEMBER = re.compile(rf"{re.escape(FILE)}|segments/\d{{20}}\.seg", re.ASCII)
_IGNORED = frozenset({LOCK, "lost+found"})
"""Files that an empty directory of a store may have."""


def restore(source: str, directory: Path) -> None:
    """Restore a backup.

    Args:
        source: of the backup: a directory, a file that ends with `.tar`, or `-` for a tar file on stdin.
        directory: of the store, which must not run; empty.

    Raises:
        CommandError: the backup is damaged, the directory is not empty, or it cannot be written.
    """
    try:
        with _locked(directory), _unpacked(source, directory) as backup, opened(backup) as store:
            count = verify(store)
            _copy(store, directory)
    except (OSError, sqlite3.Error, tarfile.TarError) as error:
        raise CommandError(f"cannot restore {source} to {directory}: {error}") from error
    sys.stderr.write(f"restored the database and {count} segments to {directory}\n")


def verify(store: OpenedStore) -> int:
    """Check the database and every chunk, and return the number of segments.

    Raises:
        CommandError: something is damaged.
    """
    found = store.connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise CommandError(f"{store.directory / FILE} is damaged ({found}): use another backup")
    indexed = segments(store.connection)
    for segment in indexed:
        _verify_segment(store, segment)
    return len(indexed)


def _verify_segment(store: OpenedStore, segment: Segment) -> None:
    path = store.files.path(segment.last_offset)
    try:
        content = path.read_bytes()
        infos = {(info.position, info.length, info.count, info.last_offset) for info in chunks_of(content)}
    except FileNotFoundError:
        raise CommandError(f"{path} is missing: use another backup") from None
    except DamagedChunkError as error:
        raise CommandError(f"{path} is damaged ({error}): use another backup") from error
    rows = chunks_of_segment(store.connection, segment.last_offset)
    if infos != {(row.position, row.length, row.count, row.last_offset) for row in rows}:
        raise CommandError(f"{path} does not match the index in {FILE}: use another backup")


def _copy(store: OpenedStore, directory: Path) -> None:
    """Copy the segments, then the database under another name, which is renamed when everything is on the disk."""
    files = SegmentFiles(directory)
    files.prepare()
    for segment in segments(store.connection):
        path = files.path(segment.last_offset)
        shutil.copyfile(store.files.path(segment.last_offset), path)
        _sync(path)
    partial = directory / f"{FILE}.restoring"
    with contextlib.closing(sqlite3.connect(partial)) as copy:
        store.connection.backup(copy)
        # Offsets after those of the backup are assigned a second time, to other readings.
        with copy:
            renew_log_id(copy)
            fence_off(copy, dt.datetime.now(dt.UTC))
        copy.execute("PRAGMA journal_mode = DELETE")
    for path in (partial, files.path(0).parent, directory):
        _sync(path)
    partial.rename(directory / FILE)
    _sync(directory)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _locked(directory: Path) -> Iterator[None]:
    try:
        locked = lock(directory)
    except DatabaseFileError as error:
        raise CommandError(str(error)) from error
    if locked is None:
        raise CommandError(f"a store uses {directory}: stop it first")
    try:
        present = sorted(path.name for path in directory.iterdir() if path.name not in _IGNORED)
        if present:
            raise CommandError(
                f"{directory} is not empty (it has {present[0]}): restore into an empty directory, or move its "
                "content to another one first"
            )
        yield
    finally:
        os.close(locked)


@contextlib.contextmanager
def _unpacked(source: str, directory: Path) -> Iterator[Path]:
    """Yield the directory of the backup; a tar file is unpacked beside the target, and deleted at the end."""
    if source != STDOUT and not source.endswith(TAR_SUFFIX):
        yield Path(source)
        return
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=directory) as scratch, contextlib.ExitStack() as stack:
        packed = sys.stdin.buffer if source == STDOUT else stack.enter_context(Path(source).open("rb"))
        tar = stack.enter_context(tarfile.open(fileobj=packed, mode="r|"))
        _extract(tar, Path(scratch))
        yield Path(scratch)


def _extract(tar: tarfile.TarFile, scratch: Path) -> None:
    """Extract the files of a backup, and nothing else that a tar file may have."""
    (scratch / "segments").mkdir()
    for member in tar:
        content = tar.extractfile(member) if _MEMBER.fullmatch(member.name) else None
        if content is None:
            raise CommandError(f"the tar file is not a backup: it has {member.name}")
        with content, (scratch / member.name).open("wb") as file:
            shutil.copyfileobj(content, file)
