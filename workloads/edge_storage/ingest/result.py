"""What became of a request to store."""

from dataclasses import dataclass, field

import orjson

from edge_wire.messages import Rejected


@dataclass(slots=True)
class MessageResult:
    """What became of one message.

    Attributes:
        readings: Those newly stored, as JSON with `offset` and `received_at`.
        duplicates: How many the store had already.
        rejected: What was set aside as dead letters.
    """

    readings: list[bytes] = field(default_factory=list)
    duplicates: int = 0
    rejected: tuple[Rejected, ...] = ()


@dataclass(frozen=True, slots=True)
class IngestResult:
    """What became of all messages of a request, in their order."""

    messages: list[MessageResult]

    def encode(self) -> bytes:
        """Return the answer's body."""
        return orjson.dumps(
            {
                "results": [
                    {
                        "accepted": len(each.readings),
                        "duplicates": each.duplicates,
                        "rejected": [{"reason": one.reason, "message": one.message} for one in each.rejected],
                    }
                    for each in self.messages
                ],
                "readings": [orjson.Fragment(reading) for each in self.messages for reading in each.readings],
            }
        )
