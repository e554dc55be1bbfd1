"""The lease, alerts to send, pages of lists and of the log, as the store answers them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to be the site's ingester.

    Attributes:
        token: rises with each new holder; every commit carries it.
        ttl_seconds: how long the lease holds without renewal.
        ingest_port: port of the store's listener for frames; None if the store has none, such as one of an older
            release.
    """

    token: int
    ttl_seconds: float
    ingest_port: int | None = None


@dataclass(frozen=True, slots=True)
class OutboxAlert:
    """An alert that waits to be sent.

    Attributes:
        id: its place in the outbox; of a dead letter that is sent again, the dead letter's id with a minus sign.
        alert: the message, as on the topic `alerts/{device}`.
    """

    id: int
    alert: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Part of a list, newest first.

    Attributes:
        items: the items of this page.
        next: `before` of the next page: an offset of readings or an id of rows; None on the last one.
    """

    items: Sequence[T]
    next: int | None


NEWEST_OFFSET = "Edge-Newest-Offset"
"""Header of `GET /v1/log` with the newest offset."""

LOG_ID = "Edge-Log-Id"
"""Header of `GET /v1/log` with the id of the log."""


@dataclass(frozen=True, slots=True)
class LogPage:
    """Stored readings in the order of their offsets.

    An offset between two lines, or up to the newest offset if no line follows, has no reading: it never had one, or
    the reading was deleted.

    Attributes:
        lines: stored readings as `cloud/sensors` has them, in bytes.
        newest_offset: of all stored readings, read before the lines; 0 if there is none.
        log_id: of the store's database. The same offset of another log is another reading. Empty if the store is of an
            older release.
    """

    lines: tuple[bytes, ...]
    newest_offset: int
    log_id: str = ""


@dataclass(frozen=True, slots=True)
class RangePage:
    """Part of the answer of a query by time.

    Attributes:
        items: readings, or the values of buckets.
        next: the cursor of the next page; None on the last one.
    """

    items: Sequence[Mapping[str, Any]]
    next: str | None
