"""Dead letters: what is not a reading, or what a sink rejected, kept until a person has deleted or corrected it."""

import base64
import datetime as dt
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from edge_storage.ingest.result import StoredMessages
from edge_storage.ingest.state import IngestState
from edge_storage.ingest.storing import store
from edge_storage.pages import paginate
from edge_storage.timestamps import from_milliseconds, to_milliseconds
from edge_wire.messages import Rejected, format_timestamp, parse_readings
from edge_wire.store import IngestRequest, Page, RawMessage

MAX_DELETED_ROWS = 5000
"""Maximum number of dead letters that one transaction deletes, so that readings do not wait for it."""

COLUMNS = 'id, device_id, received_at, reason, message, payload, sink, "offset", resending'
"""The columns of a dead letter, as `document` takes them."""

_MATCHES = """
(:device_id IS NULL OR device_id = :device_id) AND (:reason IS NULL OR reason = :reason)
AND (:received_before IS NULL OR received_at < :received_before) AND (:sink IS NULL OR sink = :sink)
"""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which dead letters; None matches all.

    Attributes:
        device_id: of the sender.
        reason: as in `MalformedError.reason`.
        received_before: only those that arrived earlier (aware).
        sink: name of the sink of which the destination rejected them.
    """

    device_id: str | None = None
    reason: str | None = None
    received_before: dt.datetime | None = None
    sink: str | None = None

    def parameters(self) -> dict[str, str | int | None]:
        """Return the parameters of the queries."""
        before = None if self.received_before is None else to_milliseconds(self.received_before)
        return {"device_id": self.device_id, "reason": self.reason, "received_before": before, "sink": self.sink}


class DeadLetterNotFoundError(Exception):
    """There is no such dead letter."""


class StillRejectedError(Exception):
    """What was sent again is not a reading either.

    Attributes:
        rejected: why; one or more.
    """

    def __init__(self, rejected: Sequence[Rejected]) -> None:
        super().__init__(rejected[0].message)
        self.rejected = rejected


def dead_letters(connection: sqlite3.Connection, which: Filter, limit: int, before: int) -> Page[orjson.Fragment]:
    """Return at most `limit` dead letters (items) with an id below `before`, newest first."""
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM dead_letter WHERE id < :before AND {_MATCHES} ORDER BY id DESC LIMIT :limit",  # noqa: S608 - constants
        {**which.parameters(), "before": before, "limit": limit + 1},
    )
    return paginate(((row[0], document(*row)) for row in rows), limit)


def get(connection: sqlite3.Connection, number: int) -> orjson.Fragment | None:
    """Return a dead letter; None if there is none."""
    row = connection.execute(f"SELECT {COLUMNS} FROM dead_letter WHERE id = ?", (number,)).fetchone()  # noqa: S608 - constants
    return orjson.Fragment(document(*row)) if row else None


def owner_of(connection: sqlite3.Connection, number: int) -> tuple[str, str | None]:
    """Return the device of a dead letter, and the sink of which the destination rejected it; None if there is no sink.

    Raises:
        DeadLetterNotFoundError: there is no such dead letter.
    """
    row = connection.execute("SELECT device_id, sink FROM dead_letter WHERE id = ?", (number,)).fetchone()
    if row is None:
        raise DeadLetterNotFoundError
    return str(row[0]), row[1]


def delete(connection: sqlite3.Connection, number: int) -> None:
    """Delete a dead letter.

    Raises:
        DeadLetterNotFoundError: there is none.
    """
    if not connection.execute("DELETE FROM dead_letter WHERE id = ?", (number,)).rowcount:
        raise DeadLetterNotFoundError


def delete_some(connection: sqlite3.Connection, which: Filter) -> int:
    """Delete at most `MAX_DELETED_ROWS` dead letters, oldest first; return how many."""
    oldest = f"SELECT id FROM dead_letter WHERE {_MATCHES} ORDER BY id LIMIT {MAX_DELETED_ROWS}"  # noqa: S608 - constants
    return connection.execute(f"DELETE FROM dead_letter WHERE id IN ({oldest})", which.parameters()).rowcount  # noqa: S608 - constants


def resend(
    connection: sqlite3.Connection,
    state: IngestState,
    number: int,
    payload: bytes | None,
    location: str,
    now: dt.datetime,
) -> tuple[str, StoredMessages]:
    """Store the readings of a dead letter and delete it; return its device and the result.

    The readings arrive now: `received_at` and `offset` grow together, and retention and cursors depend on it. With the
    old time a reading could be deleted by age before it is delivered. `timestamp` is the time of the measurement.

    Args:
        connection: in a transaction, which is rolled back if this raises.
        state: of the ingest.
        number: id of the dead letter.
        payload: replaces that of the dead letter; None sends it again unchanged.
        location: of the site, for readings that name none.
        now: time of arrival (aware).

    Raises:
        DeadLetterNotFoundError: there is none.
        StillRejectedError: a part of the payload is not a reading; nothing is stored, and the dead letter stays.
    """
    row = connection.execute("SELECT device_id, payload FROM dead_letter WHERE id = ?", (number,)).fetchone()
    if row is None:
        raise DeadLetterNotFoundError
    message = RawMessage(row[0], row[1] if payload is None else payload, now)
    # Checked first: nothing has to be rolled back then.
    _check(parse_readings(message.payload, message.device_id).rejected)
    result = store(connection, IngestRequest(None, location, (message,)), state)
    _check(result.messages[0].rejected)
    delete(connection, number)
    return message.device_id, result


def _check(rejected: Sequence[Rejected]) -> None:
    if rejected:
        raise StillRejectedError(rejected)


def document(
    number: int,
    device_id: str,
    received_at: int,
    reason: str,
    message: str,
    payload: bytes,
    sink: str | None,
    offset: int | None,
    is_resending: int,
) -> bytes:
    """Return a dead letter as JSON; the arguments are its columns, `received_at` in milliseconds since 1970.

    `is_resending` is the number of deliveries that it waits for: 0 or 1.
    """
    return orjson.dumps(
        {
            "id": number,
            "device_id": device_id,
            "received_at": format_timestamp(from_milliseconds(received_at)),
            "reason": reason,
            "message": message,
            "payload": base64.b64encode(payload).decode(),
            "sink": sink,
            "offset": offset,
            "resending": bool(is_resending),
        }
    )
