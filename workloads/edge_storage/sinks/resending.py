"""Resends a dead letter: stores it as readings, or marks it for another delivery by the sink that has it."""

import datetime as dt
import sqlite3
from dataclasses import dataclass

from edge_storage import dead_letters
from edge_storage.ingest.result import StoredMessages
from edge_storage.ingest.state import IngestState
from edge_storage.sinks.dead_letters import mark
from edge_storage.sinks.declared import exists


@dataclass(frozen=True, slots=True)
class Marked:
    """A dead letter that its sink delivers again.

    Attributes:
        device_id: of the reading or alert.
        sink: name of the sink.
    """

    device_id: str
    sink: str


class NotMarkedError(Exception):
    """A dead letter of a sink cannot be delivered again; the message names the next step.

    Attributes:
        reason: CamelCase.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def resend_or_mark(
    connection: sqlite3.Connection,
    state: IngestState,
    number: int,
    payload: bytes | None,
    location: str,
    now: dt.datetime,
) -> Marked | tuple[str, StoredMessages]:
    """Resend a dead letter; the arguments and the result of one without a sink are those of `dead_letters.resend`.

    Raises:
        DeadLetterNotFoundError: there is none.
        StillRejectedError: a part of the payload is not a reading; nothing is stored, and the dead letter stays.
        NotMarkedError: the sink cannot deliver it, or `payload` is not None.
    """
    device_id, sink = dead_letters.owner_of(connection, number)
    if sink is None:
        return dead_letters.resend(connection, state, number, payload, location, now)
    if payload is not None:
        message = f"dead letter {number} is of the sink {sink}, which delivers it as it is stored: send no body"
        raise NotMarkedError("PayloadNotAllowed", message)
    if not exists(connection, sink):
        message = f"dead letter {number} is of the sink {sink}, which the site does not have any more: delete it"
        raise NotMarkedError("SinkNotFound", message)
    mark(connection, number)
    return Marked(device_id, sink)
