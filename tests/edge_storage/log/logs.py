"""A log on the disk for tests: segments and a tail as the store writes them, of sizes that a test chooses."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from edge_storage.log.chunking import SegmentContent
from edge_storage.log.line import offset_of
from edge_storage.log.sealing import new_segment
from edge_storage.log.segment_files import SegmentFiles
from edge_storage.log.segment_index import add_segment


def add_sealed(connection: sqlite3.Connection, directory: Path, lines: Sequence[bytes]) -> None:
    """Add `lines`, with consecutive offsets, as a segment."""
    files = SegmentFiles(directory)
    files.prepare()
    content = SegmentContent()
    content.add(offset_of(lines[0]), list(lines))
    segment = new_segment(offset_of(lines[-1]), content)
    files.write(segment.last_offset, segment.content)
    connection.execute("BEGIN IMMEDIATE")
    add_segment(connection, segment.last_offset, segment.infos, len(segment.content))
    _set_newest(connection, segment.last_offset)
    connection.execute("COMMIT")


def add_batch(connection: sqlite3.Connection, lines: Sequence[bytes]) -> None:
    """Add `lines`, with consecutive offsets, to the tail."""
    connection.execute("INSERT INTO batch VALUES (?, ?, ?)", (offset_of(lines[-1]), len(lines), b"\n".join(lines)))
    _set_newest(connection, offset_of(lines[-1]))


def _set_newest(connection: sqlite3.Connection, offset: int) -> None:
    connection.execute("UPDATE setting SET value = ? WHERE name = 'newest_offset'", (str(offset),))
