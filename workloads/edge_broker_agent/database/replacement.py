"""What a damaged database is replaced with: its intact part, and the sessions of the last intact one.

The copy of the last intact database has sessions and subscriptions only, for three reasons. With them the broker queues
for every session from its start; without them it would acknowledge and drop messages until the clients subscribe again.
Messages that were queued when the copy was taken have been delivered since: a command would be carried out twice.
Statuses that were retained then may be wrong now: a device that is offline would be reported as online.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from edge_broker_agent.database.bodies import Kind
from edge_broker_agent.database.chunks import HEADER, Chunk
from edge_broker_agent.database.contents import SECTIONS, Contents, checked_chunks
from edge_broker_agent.database.damage import DamagedError

_BLOCK_BYTES = 1 << 20


def write_sessions(source: BinaryIO, contents: Contents, target: BinaryIO) -> None:
    """Write the sessions and subscriptions of the database `source` to the empty file `target`, as a database.

    Raises:
        DamagedError: the database became shorter since it was checked.
        OSError: a file cannot be read or written.
    """
    source.seek(0)
    _copy(source, HEADER.size, target)
    for chunk in contents.copied:
        source.seek(chunk.start)
        _copy(source, chunk.end - chunk.start, target)


def write_replacement(damaged: Path | None, sessions: Path | None, target: BinaryIO) -> None:
    """Write the intact part of a database, and the sessions that it lacks.

    Args:
        damaged: the database; None if nothing of it is to be used.
        sessions: an intact file that `write_sessions` has written; None if there is none.
        target: an empty file.

    Raises:
        DamagedError: nothing of both is intact.
        OSError: a file cannot be read or written.
    """
    part = _IntactPart()
    if damaged is not None:
        with suppress(DamagedError):
            for chunk in _chunks(damaged):
                part.add(chunk)
    if part.end and damaged is not None:
        _append(damaged, (), target, part.end)
        if sessions is not None:
            _append(sessions, part.missing(_chunks(sessions)), target)
    elif sessions is not None:
        _append(sessions, (), target, sessions.stat().st_size)
    else:
        raise DamagedError("nothing of the database is intact")


class _IntactPart:
    """The chunks before the damage.

    Attributes:
        end: position behind the last one, in bytes; 0 if there is none.
    """

    def __init__(self) -> None:
        self.end = 0
        self._section = 0
        self._clients: set[bytes] = set()
        self._subscriptions: set[tuple[bytes, bytes]] = set()

    def add(self, chunk: Chunk) -> None:
        """Add the next chunk."""
        self.end, self._section = chunk.end, SECTIONS[chunk.kind]
        if chunk.kind is Kind.SESSION:
            self._clients.add(chunk.client)
        elif chunk.kind is Kind.SUBSCRIPTION:
            self._subscriptions.add((chunk.client, chunk.topic))

    def missing(self, copied: Iterator[Chunk]) -> Iterator[Chunk]:
        """Yield those chunks of the copy that the damage may have removed; a complete section lacks none."""
        for chunk in copied:
            if self._section > SECTIONS[chunk.kind]:
                continue
            is_new_session = chunk.kind is Kind.SESSION and chunk.client not in self._clients
            is_new_subscription = (
                chunk.kind is Kind.SUBSCRIPTION
                and chunk.client in self._clients
                and (chunk.client, chunk.topic) not in self._subscriptions
            )
            if is_new_session or is_new_subscription:
                self.add(chunk)
                yield chunk


def _chunks(database: Path) -> Iterator[Chunk]:
    with database.open("rb") as file:
        yield from checked_chunks(file, database.stat().st_size)


def _append(source: Path, chunks: Iterator[Chunk] | tuple[()], target: BinaryIO, first_bytes: int = 0) -> None:
    """Append the first bytes of a database, and then `chunks` of it."""
    with source.open("rb") as file:
        _copy(file, first_bytes, target)
        for chunk in chunks:
            file.seek(chunk.start)
            _copy(file, chunk.end - chunk.start, target)


def _copy(source: BinaryIO, length: int, target: BinaryIO) -> None:
    while length > 0:
        block = source.read(min(length, _BLOCK_BYTES))
        if not block:
            raise DamagedError("the file became shorter while it was read")
        target.write(block)
        length -= len(block)
