"""Stores messages in the caller's transaction: encodes them, finds duplicates, appends to the tail, evaluates rules."""

import logging
import re
import sqlite3

from edge_storage.database.savepoint import is_disk_error, savepoint
from edge_storage.ingest.encoding import EncodedReading, encode
from edge_storage.ingest.result import StoredMessage, StoredMessages
from edge_storage.ingest.state import IngestState, Loaded
from edge_storage.lease import check_token
from edge_storage.log.line import tail
from edge_storage.timestamps import to_milliseconds
from edge_wire.messages import Rejected, format_timestamp
from edge_wire.store import IngestRequest, RawMessage

_DEVICE_ID = re.compile(r'[^"\\\x00-\x1f\ud800-\udfff]{1,128}')
"""The first field of a line is found without a JSON parser, so an id needs no escapes."""

logger = logging.getLogger(__name__)


def store(connection: sqlite3.Connection, request: IngestRequest, state: IngestState) -> StoredMessages:
    """Store the messages of `request`.

    A message that causes an unexpected error becomes a dead letter: otherwise its sender would retry forever.

    Args:
        connection: in a transaction.
        request: the messages.
        state: of the ingest; it is dropped if the transaction is rolled back.

    Raises:
        FencedError: the token of `request` is not that of the lease.
    """
    check_token(connection, request.token)
    try:
        with savepoint(connection, state):
            return StoredMessages(_all(connection, request.messages, request.location, state))
    except Exception as error:
        if is_disk_error(error):
            raise
        logger.exception("one of %d messages failed; storing them one by one", len(request.messages))
    return StoredMessages([_alone(connection, message, request.location, state) for message in request.messages])


def _all(
    connection: sqlite3.Connection, messages: tuple[RawMessage, ...], location: str, state: IngestState
) -> list[StoredMessage]:
    loaded = state.load(connection)
    lines: list[bytes] = []
    results = [_one(connection, message, location, loaded, lines) for message in messages]
    if lines:
        loaded.tail.append(connection, lines)
    loaded.alerts.save(connection)
    _note_arrivals(connection, messages, results, loaded)
    return results


def _alone(connection: sqlite3.Connection, message: RawMessage, location: str, state: IngestState) -> StoredMessage:
    try:
        with savepoint(connection, state):
            return _all(connection, (message,), location, state)[0]
    except Exception as error:
        if is_disk_error(error):
            raise
        logger.exception("a message of device %s is now a dead letter", message.device_id)
        rejected = Rejected("internal", f"the store failed on it: {type(error).__name__}", message.payload)
    _set_aside(connection, message, (rejected,))
    result = StoredMessage(rejected=(rejected,))
    _note_arrivals(connection, (message,), [result], state.load(connection))
    return result


def _one(
    connection: sqlite3.Connection, message: RawMessage, location: str, loaded: Loaded, lines: list[bytes]
) -> StoredMessage:
    if not _DEVICE_ID.fullmatch(message.device_id):
        return _invalid_device(connection, message)
    encoded = encode(message.payload, message.device_id, message.received_at, location)
    result = StoredMessage(rejected=encoded.rejected)
    received_at = format_timestamp(message.received_at).encode()
    for reading in encoded.readings:
        offset = loaded.tail.newest_offset + len(lines) + 1
        if not _is_new(connection, message.device_id, reading, offset, loaded):
            result.duplicates += 1
            continue
        line = reading.body + tail(offset, received_at)
        lines.append(line)
        result.readings.append(line)
        loaded.alerts.observe(connection, loaded.rules, reading.processed)
    if encoded.rejected:
        _set_aside(connection, message, encoded.rejected)
    return result


def _is_new(
    connection: sqlite3.Connection, device_id: str, reading: EncodedReading, offset: int, loaded: Loaded
) -> bool:
    if reading.session is None or reading.seq is None:
        return True
    number = loaded.devices.get(connection, device_id).number
    return loaded.seen.add(connection, number, reading.session, reading.seq, offset)


def _invalid_device(connection: sqlite3.Connection, message: RawMessage) -> StoredMessage:
    text = "the device id has more than 128 characters, or a quote, a backslash or a control character: use another id"
    rejected = (Rejected("device_id", text, message.payload),)
    _set_aside(connection, message, rejected)
    return StoredMessage(rejected=rejected)


def _set_aside(connection: sqlite3.Connection, message: RawMessage, rejected: tuple[Rejected, ...]) -> None:
    received_at = to_milliseconds(message.received_at)
    connection.executemany(
        "INSERT INTO dead_letter (device_id, received_at, reason, message, payload) VALUES (?, ?, ?, ?, ?)",
        [(message.device_id, received_at, one.reason, one.message, one.payload) for one in rejected],
    )


def _note_arrivals(
    connection: sqlite3.Connection, messages: tuple[RawMessage, ...], results: list[StoredMessage], loaded: Loaded
) -> None:
    """Record the arrivals. Those of stored readings are in the tail; the others are written to the database now."""
    last: dict[str, int] = {}
    logged: dict[str, int] = {}
    for message, result in zip(messages, results, strict=True):
        if not result.readings and not _DEVICE_ID.fullmatch(message.device_id):
            continue
        at = to_milliseconds(message.received_at)
        last[message.device_id] = max(last.get(message.device_id, 0), at)
        if result.readings:
            logged[message.device_id] = max(logged.get(message.device_id, 0), at)
    unlogged = {}
    for name, at in last.items():
        loaded.devices.note(connection, name, at)
        if at > logged.get(name, -1):
            unlogged[name] = at
    if unlogged:
        loaded.devices.save(connection, unlogged)
