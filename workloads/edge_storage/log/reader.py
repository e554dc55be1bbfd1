"""Reads the log: the sealed segments and the tail together."""

import contextlib
import logging
import sqlite3
from collections.abc import Iterator
from typing import Protocol

from edge_storage.log.joined import JoinedLines, PageOfLog, merged
from edge_storage.log.line import head, offset_of
from edge_storage.log.merged_segments import MergedSegments
from edge_storage.log.segment import DamagedChunkError, decode_chunk
from edge_storage.log.segment_files import SegmentFiles
from edge_storage.log.segment_index import (
    Chunk,
    Segment,
    chunks_before,
    chunks_of_segment,
    first_segment_after,
    has_segment,
    last_segment_before,
)
from edge_storage.log.tail import batches, newest_batches
from edge_wire.store import StoreUnavailableError

Numbered = tuple[int, bytes]
"""The offset of a line, and the line."""

logger = logging.getLogger(__name__)


class DamageObserver(Protocol):
    """Observes damaged chunks."""

    def damaged_chunk(self) -> None:
        """Record a chunk that cannot be read."""


class LogReader:
    """Reads lines in the order of their offsets, or newest first.

    A damaged chunk is skipped, logged and counted. A chunk that cannot be read for another reason, which may pass, is
    an error: a sink that does not get a reading would take it for deleted. A segment that retention deletes during a
    query counts as deleted before it. Several threads may use one reader, each with its own connection.

    What reads chunks raises StoreUnavailableError if one cannot be read now.
    """

    def __init__(self, files: SegmentFiles, observer: DamageObserver) -> None:
        self._files = files
        self._observer = observer
        self._merged = MergedSegments()

    def read_after(
        self, connection: sqlite3.Connection, offset: int, limit_lines: int, limit_bytes: int
    ) -> list[Numbered]:
        """Return the next lines after `offset`, in the order of their offsets. See `page_after`."""
        lines = self.page_after(connection, offset, limit_lines, limit_bytes).split(b"\n")[:-1]
        return [(offset_of(line), line) for line in lines]

    def page_after(self, connection: sqlite3.Connection, offset: int, limit_lines: int, limit_bytes: int) -> bytes:
        """Return the next lines after `offset`, in the order of their offsets; each ends with a line break.

        Args:
            connection: of a reader.
            offset: of the last line that is not wanted.
            limit_lines: maximum number of lines.
            limit_bytes: maximum size of the lines together in bytes; the first is returned even if it is larger.
        """
        page = PageOfLog(limit_lines, limit_bytes)
        with snapshot(connection):
            while not page.is_full and (segment := first_segment_after(connection, offset)) is not None:
                page.add(self._lines_of(connection, segment), offset)
                if not page.is_full:
                    # Whoever reads in order does not need it any more.
                    self._merged.drop(segment.last_offset)
                    offset = segment.last_offset
            rows = batches(connection, offset)
            while not page.is_full and (batch := next(rows, None)) is not None:
                page.add_batch(batch, offset)
        return page.content()

    def newest(self, connection: sqlite3.Connection, device_id: str | None, before: int) -> Iterator[Numbered]:
        """Return the lines before the offset `before`, of one device or of all, newest first; read as far as consumed.

        The caller keeps a `snapshot` while it consumes them.
        """
        prefix = b"" if device_id is None else head(device_id)
        for batch in newest_batches(connection, before):
            if prefix in batch.body:
                lines = enumerate(batch.lines(), batch.first_offset)
                yield from reversed([each for each in lines if each[0] < before and each[1].startswith(prefix)])
        if device_id is None:
            yield from self._newest_of_all(connection, before)
        else:
            yield from self._newest_of_device(connection, device_id, before)

    def read_chunk(self, connection: sqlite3.Connection, chunk: Chunk) -> list[bytes]:
        """Return the lines of a chunk; none if it is damaged, or deleted since the query began.

        Raises:
            StoreUnavailableError: it cannot be read now.
        """
        try:
            return decode_chunk(self._files.read_part(chunk.segment, chunk.position, chunk.length))
        except FileNotFoundError:
            if not self._is_indexed(connection, chunk.segment):
                return []
            reason = "the file does not exist"
        except DamagedChunkError as error:
            reason = str(error)
        except OSError as error:
            path = self._files.path(chunk.segment)
            raise StoreUnavailableError(
                f"the segment {path.name} cannot be read now ({error}): retry; if this continues, check the volume"
            ) from error
        self._observer.damaged_chunk()
        logger.error(
            "skipped a chunk of %d readings (offsets %d to %d): %s cannot be read at byte %d: %s",
            chunk.count,
            chunk.first_offset,
            chunk.last_offset,
            self._files.path(chunk.segment),
            chunk.position,
            reason,
        )
        return []

    def _is_indexed(self, connection: sqlite3.Connection, segment: int) -> bool:
        """Whether the index still has the segment, by the newest commit and not by the snapshot of the query."""
        path = connection.execute("SELECT file FROM pragma_database_list WHERE name = 'main'").fetchone()[0]
        with contextlib.closing(sqlite3.connect(path)) as newest:
            return has_segment(newest, segment)

    def _newest_of_all(self, connection: sqlite3.Connection, before: int) -> Iterator[Numbered]:
        while (segment := last_segment_before(connection, before)) is not None:
            yield from self._lines_of(connection, segment).newest_before(before)
            before = segment.first_offset

    def _newest_of_device(self, connection: sqlite3.Connection, device_id: str, before: int) -> Iterator[Numbered]:
        for chunk in chunks_before(connection, device_id, before):
            for line in reversed(self.read_chunk(connection, chunk)):
                number = offset_of(line)
                if number < before:
                    yield number, line

    def _lines_of(self, connection: sqlite3.Connection, segment: Segment) -> JoinedLines:
        def merge() -> JoinedLines:
            lines: list[bytes] = []
            content = self._content(segment)
            for chunk in chunks_of_segment(connection, segment.last_offset):
                try:
                    lines += decode_chunk(content[chunk.position : chunk.position + chunk.length])
                except DamagedChunkError:
                    # Read again: this finds the cause, and reports it.
                    lines += self.read_chunk(connection, chunk)
            return merged(lines, segment.first_offset, segment.last_offset)

        return self._merged.get(segment.last_offset, merge)

    def _content(self, segment: Segment) -> bytes:
        """Return the content of the file of a segment; nothing if it cannot be read as a whole."""
        try:
            return self._files.read_part(segment.last_offset, 0, segment.bytes)
        except (OSError, DamagedChunkError):
            return b""


@contextlib.contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """Let all queries of the block see the same state; in a transaction they do anyway."""
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("COMMIT")
