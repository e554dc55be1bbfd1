"""Makes the index and the segment files agree at the start."""

import datetime as dt
import errno
import logging
import sqlite3
from pathlib import Path

import orjson

from edge_storage.database.set_aside import note
from edge_storage.database.transaction import transaction
from edge_storage.lease import fence_off
from edge_storage.log.devices import number_of
from edge_storage.log.line import device_id_of, offset_of
from edge_storage.log.seen import SeenReadings
from edge_storage.log.segment import ChunkInfo, DamagedChunkError, chunks_of, decode_chunk
from edge_storage.log.segment_files import SegmentFiles
from edge_storage.log.segment_index import add_segment, remove_segment, segments
from edge_wire.messages import fields as take

SKIPPED_OFFSETS = 1_000_000
"""After the loss of a database: more than a tail can have, so that no offset is used a second time."""

_SEEN_SEGMENTS = 8
"""After the loss of a database, the newest segments of which the readings are still recognised as duplicates."""

logger = logging.getLogger(__name__)


def reconcile(connection: sqlite3.Connection, files: SegmentFiles, newest_offset: int, now: dt.datetime) -> int:
    """Delete files that the index does not have yet, index files that are newer than the database, check the others.

    Args:
        connection: in autocommit mode.
        files: the directory of the segments.
        newest_offset: of the newest reading that the database has or had.
        now: time for the notes about damaged files (aware).

    Returns:
        The number of files that were set aside.

    Raises:
        OSError: a file or the directory cannot be read now.
    """
    known = segments(connection)
    indexed = {segment.last_offset: segment.bytes for segment in known}
    sizes = dict(files.sizes())
    damaged = [offset for offset, size in indexed.items() if sizes.get(offset) != size]
    for offset in damaged:
        found = f"it has {sizes[offset]} bytes, not {indexed[offset]}" if offset in sizes else "it does not exist"
        _set_aside(connection, files, offset, found, now)
    unknown = [offset for offset in sizes if offset not in indexed]
    for offset in unknown:
        if offset <= newest_offset:
            # The process was killed before it could add the file to the index, or to delete it.
            logger.info("deleting %s, which is not in the index", files.path(offset))
            files.delete(offset)
    newer = [offset for offset in unknown if offset > newest_offset]
    # A start that failed has indexed some of the newer files already.
    first_indexed = min((each.first_offset for each in known if each.last_offset > newest_offset), default=None)
    return len(damaged) + _index_all(connection, files, newer, first_indexed, now)


def continue_after_loss(
    connection: sqlite3.Connection, files: SegmentFiles, aside: Path, reason: str, now: dt.datetime
) -> None:
    """Prepare a new database that replaces a damaged one, after `reconcile`; one transaction.

    Args:
        connection: in autocommit mode.
        files: the directory of the segments.
        aside: the damaged database.
        reason: what is wrong with it.
        now: the time (aware); tokens of the lease continue from it.
    """
    known = segments(connection)
    newest = (known[-1].last_offset if known else 0) + SKIPPED_OFFSETS
    with transaction(connection):
        connection.execute("UPDATE setting SET value = ? WHERE name = 'newest_offset'", (str(newest),))
        fence_off(connection, now)
        seen = SeenReadings()
        for segment in known[-_SEEN_SEGMENTS:]:
            content = files.read(segment.last_offset)
            for info in chunks_of(content):
                _recognise(connection, seen, decode_chunk(content[info.position : info.position + info.length]))
        seen.save(connection)
        note(connection, aside, reason, now)


def _recognise(connection: sqlite3.Connection, seen: SeenReadings, lines: list[bytes]) -> None:
    number = number_of(connection, device_id_of(lines[0]).decode())
    for line in lines:
        document = orjson.loads(line)
        session, seq = take.session(document), take.whole_number(document, "seq")
        if session is not None and seq is not None:
            seen.add(connection, number, session, seq, offset_of(line))


def _index_all(
    connection: sqlite3.Connection, files: SegmentFiles, offsets: list[int], first_indexed: int | None, now: dt.datetime
) -> int:
    """Add files to the index, the newest first; return the number of damaged ones, which were set aside.

    A file that ends within a newer one was replaced by others that begin with the same reading: a process was killed
    before it could delete it, and the database that would show this is lost.

    The newest offset is written last: the next start deletes files up to it that are not in the index.
    """
    damaged = 0
    for last_offset in sorted(offsets, reverse=True):
        if first_indexed is not None and last_offset >= first_indexed:
            logger.info("%s is not used: newer segments have its readings", files.set_aside(last_offset))
        elif (first_offset := _index(connection, files, last_offset, now)) is None:
            damaged += 1
        else:
            first_indexed = first_offset
    known = segments(connection)
    if known:
        connection.execute(
            "UPDATE setting SET value = max(CAST(value AS INTEGER), ?) WHERE name = 'newest_offset'",
            (known[-1].last_offset,),
        )
    return damaged


def _index(connection: sqlite3.Connection, files: SegmentFiles, last_offset: int, now: dt.datetime) -> int | None:
    """Add a file to the index and return its first offset; None if it is damaged and was set aside.

    Raises:
        OSError: it cannot be read for a reason other than a defect of the disk.
    """
    try:
        content = files.read(last_offset)
        infos = list(chunks_of(content))
    except (DamagedChunkError, OSError) as error:
        if isinstance(error, OSError) and error.errno != errno.EIO:
            raise
        # With a defect of the disk no start would succeed; the file is kept.
        _set_aside(connection, files, last_offset, str(error), now)
        return None
    if not infos:
        _set_aside(connection, files, last_offset, "it has no chunk", now)
        return None
    with transaction(connection):
        add_segment(connection, last_offset, infos, len(content))
        _note_arrivals(connection, infos)
    logger.info("added %s to the index: %d chunks", files.path(last_offset), len(infos))
    return min(info.first_offset for info in infos)


def _note_arrivals(connection: sqlite3.Connection, infos: list[ChunkInfo]) -> None:
    connection.executemany(
        "UPDATE device SET last_at = max(last_at, ?) WHERE name = ?",
        [(info.received_to, info.device_id) for info in infos],
    )


def _set_aside(
    connection: sqlite3.Connection, files: SegmentFiles, last_offset: int, reason: str, now: dt.datetime
) -> None:
    path = files.set_aside(last_offset)
    logger.error("set a damaged segment aside as %s; its readings are not available: %s", path, reason)
    with transaction(connection):
        remove_segment(connection, last_offset)
        note(connection, path, reason, now)
