"""The check of Mosquitto's database: whether every chunk is valid, in its place, and refers to chunks that exist."""

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import BinaryIO

from edge_broker_agent.database.bodies import Kind
from edge_broker_agent.database.chunks import HEADER, Chunk, read_chunks, read_header
from edge_broker_agent.database.damage import DamagedError

SECTIONS = MappingProxyType(
    {
        Kind.CONFIG: 0,
        Kind.MESSAGE: 1,
        Kind.SESSION: 2,
        Kind.QUEUED: 2,
        Kind.SUBSCRIPTION: 3,
        Kind.RETAINED: 4,
    }
)
"""Mosquitto writes one section after another: messages, each session with its queue, subscriptions, retained."""


COPIED = frozenset({Kind.CONFIG, Kind.SESSION, Kind.SUBSCRIPTION})
"""Kinds of chunks in the copy of the sessions."""

REFERENCES = frozenset({Kind.QUEUED, Kind.RETAINED})
"""Kinds of chunks that refer to a message."""


@dataclass(slots=True)
class Contents:
    """Contents of an intact database.

    Attributes:
        counts: number of chunks by kind.
        size_bytes: size of the file.
        copied: the chunks that the copy of the sessions has.
    """

    counts: dict[Kind, int] = field(default_factory=lambda: dict.fromkeys(Kind, 0))
    size_bytes: int = 0
    copied: list[Chunk] = field(default_factory=list)

    def __str__(self) -> str:
        """Return a text for the log."""
        names = ((Kind.SESSION, "sessions"), (Kind.QUEUED, "queued"), (Kind.RETAINED, "retained messages"))
        return ", ".join(f"{self.counts[kind]} {name}" for kind, name in names) + f", {self.size_bytes} bytes"


def check(file: BinaryIO, size: int) -> Contents:
    """Read a whole database; needs 8 bytes of memory per message, and the sessions.

    Args:
        file: positioned at its beginning.
        size: its size in bytes.

    Raises:
        DamagedError: Mosquitto would not start with it, or would lose a part of it without a message.
        OSError: it cannot be read.
    """
    contents = Contents(size_bytes=size)
    for chunk in checked_chunks(file, size):
        contents.counts[chunk.kind] += 1
        if chunk.kind in COPIED:
            contents.copied.append(chunk)
    counts = contents.counts
    if not counts[Kind.CONFIG]:
        raise DamagedError("the file ends after its header", HEADER.size)
    if counts[Kind.MESSAGE] and not counts[Kind.SESSION] and not counts[Kind.RETAINED]:
        raise DamagedError("the file ends after the messages: sessions and retained messages are missing", size)
    return contents


def checked_chunks(file: BinaryIO, size: int) -> Iterator[Chunk]:
    """Yield the chunks, in order and with valid references.

    Args:
        file: positioned at the beginning of the database.
        size: its size in bytes.

    Raises:
        DamagedError: as of `check`; the intact part ends before the damage.
        OSError: it cannot be read.
    """
    references = _References()
    for chunk in read_chunks(file, size, read_header(file)):
        problem = references.problem(chunk)
        if problem:
            raise DamagedError(f"{problem}, at byte {chunk.start} of {size}", chunk.start)
        yield chunk


class _References:
    """What the chunks read so far permit for the next one."""

    def __init__(self) -> None:
        self._section = -1
        self._messages = array("Q")
        self._clients: set[bytes] = set()
        self._client = b""

    def problem(self, chunk: Chunk) -> str:
        """Return what is wrong with the next chunk; empty if nothing is."""
        kind, _, _, message_id, client, _ = chunk
        section = SECTIONS[kind]
        if section != self._section:
            if section < self._section or (self._section < 0) != (kind is Kind.CONFIG):
                return "a chunk in the wrong place"
            if self._section == SECTIONS[Kind.MESSAGE]:
                self._messages = array("Q", sorted(self._messages))
            self._section = section
        elif kind is Kind.CONFIG:
            return "a chunk in the wrong place"
        if kind is Kind.MESSAGE:
            self._messages.append(message_id)
        elif kind is Kind.SESSION:
            self._client = client
            self._clients.add(client)
        elif kind is Kind.QUEUED and client != self._client:
            return "a queued message of another session"
        elif kind is Kind.SUBSCRIPTION and client not in self._clients:
            return "a subscription without a session"
        elif kind in REFERENCES and not self._has(message_id):
            return "a reference to a message that is missing"
        return ""

    def _has(self, message: int) -> bool:
        index = bisect_left(self._messages, message)
        return index < len(self._messages) and self._messages[index] == message
