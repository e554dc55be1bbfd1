"""Moves the readings of a database of the first schema, which has a row for each, to segments."""

import logging
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field

from edge_storage.database.connections import rebuild
from edge_storage.database.errors import OpeningStoppedError
from edge_storage.database.transaction import transaction
from edge_storage.log.chunking import SegmentContent
from edge_storage.log.devices import Devices
from edge_storage.log.line import head
from edge_storage.log.sealing import NewSegment, new_segment
from edge_storage.log.seen import SeenReadings
from edge_storage.log.segment_files import SegmentFiles
from edge_storage.log.segment_index import add_segment
from edge_storage.log.tail import SealLimits
from edge_storage.readings import complete

_Row = tuple[int, str, int, str | None, int | None, bytes]
_ROWS = (
    'SELECT "offset", device_id, received_at, session, seq, CAST(body AS BLOB) FROM reading'
    ' WHERE "offset" > ? ORDER BY "offset" LIMIT ?'
)
_FREE_BYTES = 128 * 1024 * 1024
"""A database with more unused space, which is also more than half of it, is made smaller."""

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Migration:
    """Moves the readings piece by piece, each in one transaction; a killed process continues at its next start.

    Attributes:
        connection: in autocommit mode.
        files: the directory of the segments.
        limits: size of a piece.
        report: receives the progress in percent, before each piece.
        is_stopped: whether to end before the next piece.
    """

    connection: sqlite3.Connection
    files: SegmentFiles
    limits: SealLimits
    report: Callable[[int], None]
    is_stopped: Callable[[], bool]
    _seen: SeenReadings = field(default_factory=SeenReadings)
    _devices: Devices = field(default_factory=Devices)

    def run(self) -> None:
        """Move all readings, if there are any.

        Raises:
            OpeningStoppedError: `is_stopped` returned True.
            OSError: a segment cannot be written.
            sqlite3.Error: the database cannot be read or written.
        """
        found = self.connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'reading'").fetchone()
        if found is not None:
            logger.info("migrating the readings to segments")
            while self._move_piece():
                pass
            self.connection.execute("DROP TABLE reading")
            logger.info("migrated all readings")
        self._shrink()

    def _move_piece(self) -> bool:
        first, last = self.connection.execute('SELECT min("offset"), max("offset") FROM reading').fetchone()
        if first is None:
            return False
        if self.is_stopped():
            raise OpeningStoppedError
        self.report(first * 100 // (last + 1))
        rows = self._piece()
        segment = self._segment(rows)
        if segment is not None:
            self.files.write(segment.last_offset, segment.content)
        with transaction(self.connection):
            if segment is not None:
                add_segment(self.connection, segment.last_offset, segment.infos, len(segment.content))
            self._note(rows)
            self.connection.execute('DELETE FROM reading WHERE "offset" <= ?', (rows[-1][0],))
        return True

    def _piece(self) -> list[_Row]:
        rows: list[_Row] = []
        size = 0
        for row in self.connection.execute(_ROWS, (0, self.limits.readings)):
            rows.append(row)
            size += len(row[5])
            if size >= self.limits.bytes:
                break
        return rows

    def _segment(self, rows: list[_Row]) -> NewSegment | None:
        content = SegmentContent()
        last_offset = 0
        for offset, device_id, received_at, _, _, body in rows:
            if body.startswith(head(device_id)):
                content.add(offset, [complete(body, offset, received_at)])
                last_offset = offset
        return new_segment(last_offset, content) if last_offset else None

    def _note(self, rows: list[_Row]) -> None:
        for offset, device_id, received_at, session, seq, body in rows:
            if not body.startswith(head(device_id)):
                # Only a program that is not ours can have sent such an id to the store.
                self._set_aside(device_id, received_at, body)
            elif session is not None and seq is not None:
                number = self._devices.get(self.connection, device_id).number
                self._seen.add(self.connection, number, session, seq, offset)
        self._seen.save(self.connection)

    def _set_aside(self, device_id: str, received_at: int, body: bytes) -> None:
        self.connection.execute(
            "INSERT INTO dead_letter (device_id, received_at, reason, message, payload) VALUES (?, ?, ?, ?, ?)",
            (device_id, received_at, "device_id", "the device id has characters that are not allowed any more", body),
        )

    def _shrink(self) -> None:
        size, pages, free = (
            int(self.connection.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("page_size", "page_count", "freelist_count")
        )
        if free * size < _FREE_BYTES or free * 2 < pages:
            return
        try:
            rebuild(self.connection)
        except sqlite3.OperationalError as error:
            logger.warning("cannot make the database smaller; the next start tries again: %s", error)
