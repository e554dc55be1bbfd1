"""An answer: whether a request was stored, and its readings as lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, auto


class Status(IntEnum):
    """What became of a request. Both programs must have the same order; a new one is added at the end.

    STORED: it is committed. FENCED: its token is not that of the lease. UNAVAILABLE: the store cannot commit now, and
    the same request may be sent again. REFUSED: the request is wrong.
    """

    STORED = auto()
    FENCED = auto()
    UNAVAILABLE = auto()
    REFUSED = auto()


@dataclass(frozen=True, slots=True)
class MessageRejection:
    """Why a message, or an element of it, became a dead letter.

    Attributes:
        index: number of messages of the request before this one.
        reason: a short label, for metrics.
        message: what is wrong, for people.
    """

    index: int
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class CommitAnswer:
    """What the store did with a request.

    Attributes:
        status: whether it is stored.
        reason: why it is not, for people; else empty.
        accepted: number of readings newly stored, which is the number of lines.
        duplicates: number of readings that the store had already.
        rejected: number of dead letters.
        alerts: number of alerts added to the outbox.
        first_offset: offset of the first line; the others follow without a gap. 0 without lines.
        lines: the newly stored readings as `cloud/sensors` has them, in the order of the messages.
        indexes: of each line, the number of messages of the request before its own.
        rejections: the dead letters.
    """

    status: Status
    reason: str = ""
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    alerts: int = 0
    first_offset: int = 0
    lines: Sequence[bytes] = ()
    indexes: Sequence[int] = ()
    rejections: Sequence[MessageRejection] = ()
