"""A batch: what became of the messages of one request, before the answer is written in either format."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from edge_readings.arrival import ReceivedAt
from edge_storage.ingest.result import StoredMessage, StoredMessages
from edge_wire.messages import Rejected
from edge_wire.store.frames import CommitAnswer, MessageRejection, Status

Incoming = tuple[str, bytes, ReceivedAt]
"""Device id, payload and time of arrival of a message."""


@dataclass(slots=True)
class StoredBatch:
    """What became of the messages of a request. An index is the number of messages before one.

    Attributes:
        count: number of messages.
        lines: the newly stored readings, with consecutive offsets.
        indexes: of each line, the number of messages before its own.
        duplicates: indexes of messages, one for each reading that was stored already.
        rejected: the dead letters, each with the number of messages before its own.
        alerts: number of alerts that were added to the outbox.
    """

    count: int
    lines: list[bytes] = field(default_factory=list)
    indexes: list[int] = field(default_factory=list)
    duplicates: list[int] = field(default_factory=list)
    rejected: list[tuple[int, Rejected]] = field(default_factory=list)
    alerts: int = 0

    def add(self, other: "StoredBatch", index: int) -> None:
        """Add what became of a message that was stored alone; `index` is the number of messages before it."""
        self.lines += other.lines
        self.indexes += [index] * len(other.lines)
        self.duplicates += [index] * len(other.duplicates)
        self.rejected += [(index, rejected) for _, rejected in other.rejected]
        self.alerts += other.alerts

    def to_messages(self) -> StoredMessages:
        """Return the results by message, for the answer over HTTP."""
        messages = [StoredMessage() for _ in range(self.count)]
        for line, index in zip(self.lines, self.indexes, strict=True):
            messages[index].readings.append(line)
        for index in self.duplicates:
            messages[index].duplicates += 1
        for index, rejected in self.rejected:
            messages[index].rejected += (rejected,)
        return StoredMessages(messages)

    def to_answer(self, newest_offset: int) -> CommitAnswer:
        """Return the answer as a frame has it; `newest_offset` is that of the last line."""
        return CommitAnswer(
            Status.STORED,
            accepted=len(self.lines),
            duplicates=len(self.duplicates),
            rejected=len(self.rejected),
            alerts=self.alerts,
            first_offset=newest_offset - len(self.lines) + 1 if self.lines else 0,
            lines=self.lines,
            indexes=self.indexes,
            rejections=[MessageRejection(index, one.reason, one.message) for index, one in self.rejected],
        )


def incoming(messages: Sequence[tuple[str, bytes]], received_at: int, queued_ms: int) -> list[Incoming]:
    """Return messages that arrived together.

    Args:
        messages: device id and payload of each.
        received_at: when they arrived, in milliseconds since 1970.
        queued_ms: milliseconds that they waited in the broker's queue before; 0 if that is short or unknown.
    """
    received = ReceivedAt(received_at, queued_ms)
    return [(device_id, payload, received) for device_id, payload in messages]
