"""A log that tests fill."""

from dataclasses import dataclass, field
from pathlib import Path

from edge_storage.database.connections import open_writer
from edge_storage.database.transaction import transaction
from edge_storage.ingest.state import IngestState
from edge_storage.log.line import head, tail
from edge_storage.log.reader import LogReader
from edge_storage.log.sealing import oldest_of_tail, seal
from edge_storage.log.segment_files import SegmentFiles
from edge_storage.log.tail import SealLimits
from tests.edge_storage.observing import Damage


def line(device_id: str, offset: int, second: int = 0, rest: bytes = b"") -> bytes:
    """Return a line, measured and received `second` after midnight."""
    time = b"2026-01-31T%02d:%02d:%02d.000Z" % (second // 3600, second // 60 % 60, second % 60)
    return head(device_id) + time + b'","value":1' + rest + tail(offset, time)


@dataclass
class Log:
    """A database with its segments in `directory`, without threads."""

    directory: Path
    limits: SealLimits = field(default_factory=lambda: SealLimits(readings=10))
    damage: Damage = field(default_factory=Damage)
    lines: list[tuple[int, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.connection = open_writer(self.directory)
        self.files = SegmentFiles(self.directory)
        self.files.prepare()
        self.reader = LogReader(self.files, self.damage)
        self.state = IngestState(self.limits)

    def append(self, *devices: str) -> None:
        """Append one batch with a line of each of `devices`."""
        with transaction(self.connection):
            tail_ = self.state.load(self.connection).tail
            first = tail_.newest_offset + 1
            new = [(offset, line(name, offset, offset)) for offset, name in enumerate(devices, first)]
            for name in devices:
                self.state.load(self.connection).devices.get(self.connection, name)
            tail_.append(self.connection, [each for _, each in new])
        self.lines += new

    def seal(self) -> None:
        """Seal the oldest readings, if there are any."""
        segment = oldest_of_tail(self.connection, self.limits)
        if segment is not None:
            seal(self.files, segment, self.run, self.state.load)

    def run(self, work: object) -> None:
        """Run `work` in a transaction, as the writer does."""
        assert callable(work)
        try:
            with transaction(self.connection):
                work(self.connection)
        except BaseException:
            self.state.drop()
            raise

    def all(self) -> list[tuple[int, bytes]]:
        """Return all lines as a sink reads them."""
        return self.reader.read_after(self.connection, 0, 10**9, 10**9)

    def tail_rows(self) -> int:
        """Return the number of rows of the tail."""
        count: int = self.connection.execute("SELECT count(*) FROM batch").fetchone()[0]
        return count
