"""Seals the tail: its oldest readings become a segment.

The file is written first, then one transaction adds it to the index and deletes the readings from the tail. A process
that is killed in between leaves a file without a row in the index; `remove_orphans` deletes it at the next start.
"""

import logging
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from edge_storage.log.chunking import SegmentContent
from edge_storage.log.segment import ChunkInfo, chunks_of
from edge_storage.log.segment_files import SegmentFiles
from edge_storage.log.segment_index import add_segment, segments
from edge_storage.log.tail import SealLimits, Tail, batches
from edge_storage.log.tail_rows import damaged_row

T = TypeVar("T")
logger = logging.getLogger(__name__)


class SealedState(Protocol):
    """The state of the ingest, as far as sealing changes it."""

    tail: Tail

    def save(self, connection: sqlite3.Connection) -> None:
        """Write to the database what would otherwise be read from the tail."""


@dataclass(frozen=True, slots=True)
class NewSegment:
    """The content of a segment that is not in the index yet.

    Attributes:
        last_offset: the key of the segment.
        count: number of readings.
        content: of the file.
        infos: of all its chunks.
    """

    last_offset: int
    count: int
    content: bytes
    infos: tuple[ChunkInfo, ...]


def oldest_of_tail(connection: sqlite3.Connection, limits: SealLimits) -> NewSegment | None:
    """Return a segment of the oldest readings of the tail, of about the size of `limits`; None if the tail is empty.

    Raises:
        CorruptDatabaseError: a row is damaged.
    """
    content = SegmentContent()
    last_offset = count = size = 0
    for batch in batches(connection):
        lines = batch.lines()
        try:
            content.add(batch.first_offset, lines)
        except ValueError as error:
            raise damaged_row(error) from error
        last_offset = batch.last_offset
        count += len(lines)
        size += len(batch.body)
        if count >= limits.readings or size >= limits.bytes:
            break
    return new_segment(last_offset, content) if count else None


def new_segment(last_offset: int, content: SegmentContent) -> NewSegment:
    """Return the segment with `content`, in which `last_offset` is the largest offset."""
    encoded = content.finish()
    infos = tuple(chunks_of(encoded))
    return NewSegment(last_offset, sum(info.count for info in infos), encoded, infos)


def seal(
    files: SegmentFiles,
    segment: NewSegment,
    run: Callable[[Callable[[sqlite3.Connection], None]], None],
    load: Callable[[sqlite3.Connection], SealedState],
) -> None:
    """Write `segment`, and replace the readings of the tail by it in one transaction.

    Args:
        files: the directory of the segments.
        segment: of the oldest readings of the tail.
        run: runs its argument in a transaction.
        load: returns the state of the ingest in a transaction.

    Raises:
        OSError: the file cannot be written.
        StoreUnavailableError: the transaction failed.
        TailChangedError: the rows of the tail have changed; the file is deleted.
    """

    def replace(connection: sqlite3.Connection) -> None:
        state = load(connection)
        add_segment(connection, segment.last_offset, segment.infos, len(segment.content))
        deleted = state.tail.sealed(connection, segment.last_offset)
        if deleted != segment.count:
            # Small rows became one across the end of the segment since it was read.
            raise TailChangedError(f"{deleted} of {segment.count} readings are still rows of their own")
        state.save(connection)

    files.write(segment.last_offset, segment.content)
    try:
        run(replace)
    except TailChangedError:
        # The next segment may end elsewhere: this file would remain, with readings that it has too.
        files.delete(segment.last_offset)
        raise


class TailChangedError(Exception):
    """The rows of the tail have changed while the segment was written: seal again."""


def remove_orphans(connection: sqlite3.Connection, files: SegmentFiles) -> None:
    """Delete the files that are not in the index: a process was killed before it could add them."""
    indexed = {segment.last_offset for segment in segments(connection)}
    for last_offset in files.offsets():
        if last_offset not in indexed:
            logger.info(
                "deleting %s, which is not in the index: its readings are still in the database",
                files.path(last_offset),
            )
            files.delete(last_offset)
