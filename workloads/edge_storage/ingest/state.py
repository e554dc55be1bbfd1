"""What the ingest has in memory: the registry, the blocks of stored readings, the rules and the alert states."""

import datetime as dt
import logging
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

import orjson

from edge_readings.encoding import ReadingEncoder
from edge_readings.rules import Rules
from edge_storage import rules
from edge_storage.alerts import AlertStates
from edge_storage.log.chunking import milliseconds_of
from edge_storage.log.devices import Devices
from edge_storage.log.line import device_id_of, received_at_of
from edge_storage.log.seen import SeenReadings
from edge_storage.log.tail import SealLimits, Tail, batches, newest_offset
from edge_storage.log.tail_rows import damaged_row
from edge_wire.messages import fields as take

logger = logging.getLogger(__name__)


class Loaded:
    """The state of a database, as of a moment in a transaction.

    Attributes:
        devices: the registry.
        seen: which readings are stored.
        tail: size of the tail.
        rules: the alert rules in force.
        alerts: the alert states.

    Raises:
        CorruptDatabaseError: a row of the tail is damaged.
    """

    __slots__ = ("_encoders", "alerts", "devices", "rules", "seen", "tail")

    def __init__(self, connection: sqlite3.Connection, limits: SealLimits) -> None:
        self.devices = Devices()
        self.seen = SeenReadings()
        self.tail = Tail(newest_offset(connection), limits=limits)
        self.rules: Rules = rules.in_force(connection)
        self.alerts = AlertStates()
        self._encoders: dict[str, ReadingEncoder] = {}
        try:
            self._replay(connection)
        except ValueError as error:
            raise damaged_row(error) from error

    def encoder(self, location: str) -> ReadingEncoder:
        """Return the encoder of a site at `location` for the rules in force."""
        encoder = self._encoders.get(location)
        if encoder is None:
            # A site has one location; it changes rarely.
            self._encoders = {location: ReadingEncoder(self.rules, location)}
            encoder = self._encoders[location]
        return encoder

    def replace_rules(self, new: Rules) -> None:
        """Use `new` rules from now on."""
        self.rules, self.alerts, self._encoders = new, AlertStates(), {}

    def save(self, connection: sqlite3.Connection) -> None:
        """Write to the database what it would otherwise read from the tail."""
        self.seen.save(connection)
        self.devices.save(connection)

    def _replay(self, connection: sqlite3.Connection) -> None:
        arrivals: dict[bytes, bytes] = {}
        for batch in batches(connection):
            lines = batch.lines()
            self.tail.note(batch.last_offset, len(lines), len(batch.body))
            for offset, line in enumerate(lines, batch.first_offset):
                name, at = device_id_of(line), received_at_of(line)
                arrivals[name] = max(at, arrivals.get(name, b""))
                if b'"seq":' in line:
                    self._replay_one(connection, name.decode(), offset, line)
        for name, at in arrivals.items():
            self.devices.note(connection, name.decode(), milliseconds_of(at))

    def _replay_one(self, connection: sqlite3.Connection, name: str, offset: int, line: bytes) -> None:
        try:
            document = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            logger.warning("the reading with offset %d cannot be read; a repetition would be stored: %s", offset, error)
            return
        session, seq = take.session(document), take.whole_number(document, "seq")
        if session is not None and seq is not None:
            self.seen.add(connection, self.devices.get(connection, name).number, session, seq, offset)


class IngestState:
    """The state, loaded when it is needed, and dropped after a rollback. Only transactions of the writer use it.

    Attributes:
        changes: number of changes so far, for savepoints.

    Args:
        limits: when the tail is full.
        on_full: called after a commit while the tail is full.
    """

    def __init__(self, limits: SealLimits, on_full: Callable[[], None] = lambda: None) -> None:
        self.changes = 0
        self._limits = limits
        self._on_full = on_full
        self._loaded: Loaded | None = None

    def load(self, connection: sqlite3.Connection) -> Loaded:
        """Return the state; counts as a change, because the caller will change it."""
        self.changes += 1
        if self._loaded is None:
            self._loaded = Loaded(connection, self._limits)
        return self._loaded

    def drop(self) -> None:
        """Forget the state: the database was rolled back."""
        self._loaded = None

    def committed(self) -> None:
        """Report a full tail."""
        if self.is_full:
            self._on_full()

    @property
    def is_full(self) -> bool:
        """Whether the tail should be sealed. Any thread may ask."""
        loaded = self._loaded
        return loaded is not None and loaded.tail.is_full

    @property
    def newest_offset(self) -> int:
        """Newest offset of a reading; 0 if none was stored since the start. Any thread may ask."""
        loaded = self._loaded
        return 0 if loaded is None else loaded.tail.newest_offset

    def recent_arrivals(self) -> dict[str, int] | None:
        """Return the last arrivals of the devices in memory, in milliseconds since 1970. Any thread may call it.

        After a rollback nothing is in memory, and the result None.
        """
        loaded = self._loaded
        return None if loaded is None else loaded.devices.recent()

    def replace_rules(self, connection: sqlite3.Connection, documents: Sequence[Any], now: dt.datetime) -> None:
        """Replace the alert rules by `documents`, and clear the alerts of deleted rules.

        Args:
            connection: in a transaction.
            documents: as in a rules file.
            now: time of the cleared alerts (aware).

        Raises:
            RulesError: one of them is invalid; the old ones stay.
        """
        loaded = self.load(connection)
        rules.replace(connection, documents, now)
        loaded.replace_rules(rules.in_force(connection))
