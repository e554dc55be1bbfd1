"""What the store did with the messages of a request."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from edge_wire.messages import Rejected
from edge_wire.store import MessageResult, Rejection, encode_result


@dataclass(slots=True)
class StoredMessage:
    """What the store did with one message.

    Attributes:
        readings: the newly stored readings, as JSON with `offset` and `received_at`.
        duplicates: number of readings that the store had already.
        rejected: what became a dead letter.
    """

    readings: list[bytes] = field(default_factory=list)
    duplicates: int = 0
    rejected: tuple[Rejected, ...] = ()

    def to_result(self) -> MessageResult:
        """Return the result that the store answers."""
        rejected = tuple(Rejection(one.reason, one.message) for one in self.rejected)
        return MessageResult(len(self.readings), self.duplicates, rejected)


@dataclass(frozen=True, slots=True)
class StoredMessages:
    """What the store did with all messages of a request, in their order."""

    messages: list[StoredMessage]

    @property
    def accepted(self) -> int:
        """Number of readings newly stored."""
        return sum(len(message.readings) for message in self.messages)

    @property
    def duplicates(self) -> int:
        """Number of readings that the store had already."""
        return sum(message.duplicates for message in self.messages)

    @property
    def rejected(self) -> Mapping[str, int]:
        """Number of dead letters by reason."""
        return Counter(one.reason for message in self.messages for one in message.rejected)

    def encode(self) -> bytes:
        """Return the body of the answer."""
        results = [each.to_result() for each in self.messages]
        return encode_result(results, (reading for each in self.messages for reading in each.readings))
