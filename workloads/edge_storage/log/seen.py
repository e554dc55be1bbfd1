"""Which readings are stored already, by device, session and sequence number."""

import hashlib
import sqlite3
from collections import OrderedDict

from edge_storage.log.blocks import BITS, MASK, Block

MAX_BLOCKS = 20_000
"""Number of blocks in memory, about 10 MB together; the others are read from the database when they are needed."""

_EVICTED_AT_ONCE = 512
"""Number of blocks."""

_MAX_NAME_CHARACTERS = 64
"""Sessions with longer names are identified by a digest of the name: names may have 200,000 characters."""

_PUT = (
    "INSERT INTO seen (device, session, block, content, last_offset) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (device, session, block) DO UPDATE SET content = excluded.content, last_offset = excluded.last_offset"
)
_GET = "SELECT content, last_offset FROM seen WHERE device = ? AND session = ? AND block = ?"

_Key = tuple[int, str, int]


class SeenReadings:
    """The blocks of all sessions; the newest are in memory, the others in the table `seen`.

    The methods must be called in a transaction. After a rollback the object must be replaced by a new one, and the
    readings of the tail must be added again.

    Args:
        limit: number of blocks in memory.
    """

    def __init__(self, limit: int = MAX_BLOCKS) -> None:
        self._limit = limit
        self._blocks: OrderedDict[_Key, Block] = OrderedDict()

    def __len__(self) -> int:
        """Return the number of blocks in memory."""
        return len(self._blocks)

    def add(self, connection: sqlite3.Connection, device: int, session: str, seq: int, offset: int) -> bool:
        """Record a reading; return False if it is stored already.

        Args:
            connection: in a transaction.
            device: number of the device.
            session: as the device named it.
            seq: sequence number in the session.
            offset: of the reading, if it is new.
        """
        key = (device, session if len(session) <= _MAX_NAME_CHARACTERS else _digest(session), seq >> BITS)
        block = self._blocks.get(key)
        if block is None:
            block = self._load(connection, key)
        else:
            self._blocks.move_to_end(key)
        if not block.add(seq & MASK):
            return False
        block.last_offset = offset
        block.is_changed = True
        return True

    def save(self, connection: sqlite3.Connection) -> None:
        """Write the changed blocks to the database."""
        self._write(connection, list(self._blocks.items()))

    def _load(self, connection: sqlite3.Connection, key: _Key) -> Block:
        if len(self._blocks) >= self._limit:
            self._evict(connection)
        row = connection.execute(_GET, key).fetchone()
        block = Block()
        if row is not None:
            block = Block.decode(row[0])
            block.last_offset = row[1]
        self._blocks[key] = block
        return block

    def _evict(self, connection: sqlite3.Connection) -> None:
        count = min(_EVICTED_AT_ONCE, len(self._blocks))
        self._write(connection, [self._blocks.popitem(last=False) for _ in range(count)])

    @staticmethod
    def _write(connection: sqlite3.Connection, blocks: list[tuple[_Key, Block]]) -> None:
        changed = [(key, block) for key, block in blocks if block.is_changed]
        connection.executemany(_PUT, [(*key, block.encode(), block.last_offset) for key, block in changed])
        for _, block in changed:
            block.is_changed = False


def _digest(session: str) -> str:
    # Longer than every name that is kept as it is, so the two cannot be confused.
    return "sha256:" + hashlib.sha256(session.encode()).hexdigest()
