"""Stores messages in the caller's transaction: parses, processes, inserts, evaluates the rules."""

import logging
import sqlite3

import orjson

from edge_readings.processing import Processed, process
from edge_storage.alerts import AlertEvaluator
from edge_storage.database.savepoint import is_disk_error, savepoint
from edge_storage.ingest.result import StoredMessage, StoredMessages
from edge_storage.lease import check_token
from edge_storage.readings import complete, without_store_fields
from edge_storage.rules import in_force
from edge_storage.timestamps import to_milliseconds
from edge_wire.messages import Rejected, parse_readings
from edge_wire.store import IngestRequest, RawMessage

_INSERT = (
    "INSERT INTO reading (device_id, received_at, session, seq, body) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (device_id, session, seq) WHERE session IS NOT NULL AND seq IS NOT NULL DO NOTHING"
)

logger = logging.getLogger(__name__)


def store(connection: sqlite3.Connection, request: IngestRequest) -> StoredMessages:
    """Store the messages of `request`.

    A message that causes an unexpected error becomes a dead letter: otherwise its sender would retry forever.

    Raises:
        FencedError: the token of `request` is not that of the lease.
    """
    check_token(connection, request.token)
    _note_arrivals(connection, request.messages)
    try:
        with savepoint(connection):
            return StoredMessages(_all(connection, request.messages, request.location))
    except Exception as error:
        if is_disk_error(error):
            raise
        logger.exception("one of %d messages failed; storing them one by one", len(request.messages))
    return StoredMessages([_alone(connection, message, request.location) for message in request.messages])


def _all(connection: sqlite3.Connection, messages: tuple[RawMessage, ...], location: str) -> list[StoredMessage]:
    evaluator = AlertEvaluator(connection, in_force(connection))
    results = [_one(connection, message, location, evaluator) for message in messages]
    evaluator.save()
    return results


def _alone(connection: sqlite3.Connection, message: RawMessage, location: str) -> StoredMessage:
    try:
        with savepoint(connection):
            return _all(connection, (message,), location)[0]
    except Exception as error:
        if is_disk_error(error):
            raise
        logger.exception("a message of device %s is now a dead letter", message.device_id)
        rejected = Rejected("internal", f"the store failed on it: {type(error).__name__}", message.payload)
    _set_aside(connection, message, (rejected,))
    return StoredMessage(rejected=(rejected,))


def _one(
    connection: sqlite3.Connection, message: RawMessage, location: str, evaluator: AlertEvaluator
) -> StoredMessage:
    parsed = parse_readings(message.payload, message.device_id)
    result = StoredMessage(rejected=parsed.rejected)
    for reading in parsed.readings:
        processed = process(reading, received_at=message.received_at, location=location)
        stored = _insert(connection, processed)
        if stored is None:
            result.duplicates += 1
        else:
            result.readings.append(stored)
            evaluator.observe(processed)
    if parsed.rejected:
        _set_aside(connection, message, parsed.rejected)
    return result


def _insert(connection: sqlite3.Connection, processed: Processed) -> bytes | None:
    """Return the reading as the store answers it; None if it was stored already."""
    reading = processed.reading
    received_at = to_milliseconds(processed.received_at)
    body = orjson.dumps(without_store_fields(reading.to_object()))
    row = (reading.device_id, received_at, reading.session, reading.seq, body.decode())
    inserted = connection.execute(_INSERT, row)
    if not inserted.rowcount or inserted.lastrowid is None:
        return None
    return complete(body, inserted.lastrowid, received_at)


def _set_aside(connection: sqlite3.Connection, message: RawMessage, rejected: tuple[Rejected, ...]) -> None:
    received_at = to_milliseconds(message.received_at)
    connection.executemany(
        "INSERT INTO dead_letter (device_id, received_at, reason, message, payload) VALUES (?, ?, ?, ?, ?)",
        [(message.device_id, received_at, one.reason, one.message, one.payload) for one in rejected],
    )


def _note_arrivals(connection: sqlite3.Connection, messages: tuple[RawMessage, ...]) -> None:
    last: dict[str, int] = {}
    for message in messages:
        last[message.device_id] = max(last.get(message.device_id, 0), to_milliseconds(message.received_at))
    connection.executemany(
        "INSERT INTO arrival (device_id, last_at) VALUES (?, ?)"
        " ON CONFLICT (device_id) DO UPDATE SET last_at = MAX(last_at, excluded.last_at)",
        last.items(),
    )
