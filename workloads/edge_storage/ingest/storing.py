"""Stores messages in the caller's transaction: encodes them, finds duplicates, evaluates rules, appends to the tail."""

import logging
import re
import sqlite3
from collections.abc import Sequence

from edge_readings.arrival import ReceivedAt
from edge_readings.encoding import Encoded, ReadingEncoder
from edge_storage.database.savepoint import is_disk_error, savepoint
from edge_storage.ingest.batch import Incoming, StoredBatch, incoming
from edge_storage.ingest.result import StoredMessages
from edge_storage.ingest.state import IngestState, Loaded
from edge_storage.lease import check_token
from edge_storage.log.devices import Device
from edge_storage.timestamps import to_milliseconds
from edge_wire.messages import Rejected
from edge_wire.store import IngestRequest
from edge_wire.store.frames import CommitAnswer, CommitRequest

_DEVICE_ID = re.compile(r'[^"\\\x00-\x1f\ud800-\udfff]{1,128}')
"""The first field of a line is found without a JSON parser, so an id needs no escapes."""

_BAD_ID = "the device id has more than 128 characters, or a quote, a backslash or a control character: use another id"

logger = logging.getLogger(__name__)


def store(connection: sqlite3.Connection, request: IngestRequest, state: IngestState) -> StoredMessages:
    """Store the messages of a request over HTTP; arguments and errors as of `store_frame`.

    A message that causes an unexpected error becomes a dead letter: otherwise its sender would retry forever.
    """
    check_token(connection, request.token)
    messages = [
        (each.device_id, each.payload, ReceivedAt(to_milliseconds(each.received_at))) for each in request.messages
    ]
    return _store(connection, messages, request.location, state).to_messages()


def store_frame(connection: sqlite3.Connection, request: CommitRequest, state: IngestState) -> CommitAnswer:
    """Store the messages of a frame. If one causes an unexpected error, nothing may be committed.

    Args:
        connection: in a transaction.
        request: the messages.
        state: of the ingest; it is dropped if the transaction is rolled back.

    Raises:
        FencedError: the token of `request` is not that of the lease.
    """
    check_token(connection, request.token)
    messages = incoming(request.messages, request.received_at, request.queued_ms)
    loaded = state.load(connection)
    return _together(connection, messages, request.location, loaded).to_answer(loaded.tail.newest_offset)


def store_frame_singly(connection: sqlite3.Connection, request: CommitRequest, state: IngestState) -> CommitAnswer:
    """Store the messages of a frame one by one; arguments and errors as of `store_frame`.

    A message that causes an unexpected error becomes a dead letter: otherwise its sender would retry forever.
    """
    check_token(connection, request.token)
    messages = incoming(request.messages, request.received_at, request.queued_ms)
    batch = _singly(connection, messages, request.location, state)
    return batch.to_answer(state.load(connection).tail.newest_offset)


def _store(
    connection: sqlite3.Connection, messages: Sequence[Incoming], location: str, state: IngestState
) -> StoredBatch:
    try:
        with savepoint(connection, state):
            return _together(connection, messages, location, state.load(connection))
    except Exception as error:
        if is_disk_error(error):
            raise
        logger.exception("one of %d messages failed; storing them one by one", len(messages))
    return _singly(connection, messages, location, state)


def _singly(
    connection: sqlite3.Connection, messages: Sequence[Incoming], location: str, state: IngestState
) -> StoredBatch:
    batch = StoredBatch(len(messages))
    for index, message in enumerate(messages):
        batch.add(_alone(connection, message, location, state), index)
    return batch


def _alone(connection: sqlite3.Connection, message: Incoming, location: str, state: IngestState) -> StoredBatch:
    device_id, payload, received = message
    try:
        with savepoint(connection, state):
            return _together(connection, (message,), location, state.load(connection))
    except Exception as error:
        if is_disk_error(error):
            raise
        logger.exception("a message of device %s is now a dead letter", device_id)
        rejected = Rejected("internal", f"the store failed on it: {type(error).__name__}", payload)
    batch = StoredBatch(1, rejected=[(0, rejected)])
    _set_aside(connection, (message,), batch)
    _note_unlogged(connection, {device_id: received.milliseconds}, state.load(connection))
    return batch


def _together(
    connection: sqlite3.Connection, messages: Sequence[Incoming], location: str, loaded: Loaded
) -> StoredBatch:
    storing = _Storing(connection, loaded, location, len(messages))
    for index, message in enumerate(messages):
        storing.add(index, message)
    batch = storing.batch
    if batch.lines:
        loaded.tail.append(connection, batch.lines)
    loaded.alerts.save(connection)
    if batch.rejected:
        _set_aside(connection, messages, batch)
    if storing.unlogged:
        loaded.devices.save(connection, storing.unlogged)
    return batch


class _Storing:
    """The loop over the messages of one request.

    Attributes:
        batch: what became of them.
        unlogged: arrivals that are not in the tail, in milliseconds since 1970.
    """

    __slots__ = ("_connection", "_encoder", "_loaded", "batch", "unlogged")

    def __init__(self, connection: sqlite3.Connection, loaded: Loaded, location: str, count: int) -> None:
        self._connection = connection
        self._loaded = loaded
        self._encoder: ReadingEncoder = loaded.encoder(location)
        self.batch = StoredBatch(count)
        self.unlogged: dict[str, int] = {}

    def add(self, index: int, message: Incoming) -> None:
        """Add the readings of a message, the one with `index`."""
        device_id, payload, received = message
        device = self._loaded.devices.find(device_id)
        if device is None:
            if not _DEVICE_ID.fullmatch(device_id):
                self.batch.rejected.append((index, Rejected("device_id", _BAD_ID, payload)))
                return
            device = self._loaded.devices.get(self._connection, device_id)
        stored = len(self.batch.lines)
        reading = self._encoder.encode(device.head, payload, received)
        if reading is not None:
            self._add(index, message, device, reading)
        else:
            full = self._encoder.full(device.head, payload, received)
            self.batch.rejected += [(index, rejected) for rejected in full.rejected]
            for each in full.readings:
                self._add(index, message, device, each)
        if received.milliseconds > device.last_at:
            device.last_at, device.is_changed = received.milliseconds, True
            if len(self.batch.lines) == stored:
                self.unlogged[device_id] = received.milliseconds

    def _add(self, index: int, message: Incoming, device: Device, reading: Encoded) -> None:
        """Add a reading unless it is stored already, and evaluate the rules."""
        loaded, lines = self._loaded, self.batch.lines
        offset = loaded.tail.newest_offset + len(lines) + 1
        session, seq = reading.session, reading.seq
        if (
            session is not None
            and seq is not None
            and not loaded.seen.add(self._connection, device.number, session, seq, offset)
        ):
            self.batch.duplicates.append(index)
            return
        device_id, payload, received = message
        lines.append(b'%b,"offset":%d,"received_at":"%b"}' % (reading.body, offset, received.text))
        self.batch.indexes.append(index)
        for rule in reading.rules:
            if loaded.alerts.is_concerned(self._connection, rule, device_id, reading.value):
                processed = reading.processed or self._encoder.processed(reading, device.head, payload, received)
                self.batch.alerts += loaded.alerts.observe(self._connection, rule, processed)


def _set_aside(connection: sqlite3.Connection, messages: Sequence[Incoming], batch: StoredBatch) -> None:
    rows = [
        (messages[index][0], messages[index][2].milliseconds, one.reason, one.message, one.payload)
        for index, one in batch.rejected
    ]
    connection.executemany(
        "INSERT INTO dead_letter (device_id, received_at, reason, message, payload) VALUES (?, ?, ?, ?, ?)", rows
    )


def _note_unlogged(connection: sqlite3.Connection, arrivals: dict[str, int], loaded: Loaded) -> None:
    """Write arrivals to the database that are not in the tail, because their messages stored no reading."""
    for device_id, at in arrivals.items():
        loaded.devices.note(connection, device_id, at)
    loaded.devices.save(connection, arrivals)
