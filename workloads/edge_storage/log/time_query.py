"""Reads what a selection needs: the chunks of its device that may have such lines, and the tail."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from edge_storage.log.ordered import Lines, Part, first_lines
from edge_storage.log.reader import LogReader, snapshot
from edge_storage.log.segment_index import Chunk, chunks_of_device
from edge_storage.log.selection import Selection, position_of, time_text
from edge_storage.log.tail_parts import TailParts

STREAM_BYTES = 4 * 1024 * 1024
"""Lines that are read at once from a long range, in bytes."""

STREAM_LINES = 20_000
"""Number of lines that are read at once from a long range."""


class TimeQuery:
    """Queries of lines in the order of time.

    Args:
        log: reads chunks.
    """

    def __init__(self, log: LogReader) -> None:
        self._log = log
        self._tail = TailParts()

    def page(
        self,
        connection: sqlite3.Connection,
        selection: Selection,
        max_lines: int = STREAM_LINES,
        max_bytes: int = STREAM_BYTES,
    ) -> Lines:
        """Return the first lines of `selection`, at most `max_lines` with together `max_bytes`."""
        with snapshot(connection):
            return first_lines(selection, self._parts(connection, selection), max_lines=max_lines, max_bytes=max_bytes)

    def stream(self, connection: sqlite3.Connection, selection: Selection) -> Iterator[bytes]:
        """Yield all lines of `selection`; a page of them is in memory at a time.

        Each page has a transaction of its own: a long one would let the journal of the database grow.
        """
        page: Lines | None = None
        while page is None or not page.is_complete:
            page = self.page(connection, selection)
            yield from page.lines
            if page.lines:
                selection = after(selection, page)

    def _parts(self, connection: sqlite3.Connection, selection: Selection) -> Iterator[Part]:
        for chunk in chunks_of_device(connection, selection.device_id, selection.begin, selection.end):
            yield _part(chunk, partial(self._log.read_chunk, connection, chunk))
        yield from self._tail.parts(connection, selection.device_id)


def after(selection: Selection, page: Lines) -> Selection:
    """Return the selection of the lines after `page`, which has lines."""
    return replace(selection, after=position_of(page.lines[-1], selection.device_id))


def _part(chunk: Chunk, load: partial[list[bytes]]) -> Part:
    return Part(chunk.last_offset, time_text(chunk.measured_from), time_text(chunk.measured_to), load)
