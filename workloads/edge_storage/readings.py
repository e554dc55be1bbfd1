"""Queries of stored readings, alerts and arrivals."""

import sqlite3
from collections.abc import Mapping
from typing import Any

import orjson

from edge_storage.log.chunking import milliseconds_of
from edge_storage.log.line import device_id_of, received_at_of, tail
from edge_storage.log.reader import LogReader, snapshot
from edge_storage.log.tail import batches
from edge_storage.pages import paginate
from edge_storage.timestamps import from_milliseconds
from edge_wire.messages import format_timestamp
from edge_wire.store import Page

_OURS = ("offset", "received_at")

# With "device_id = :device_id OR :device_id IS NULL" SQLite would not use the index: hence two of each.
_ALERTS = """
SELECT id, CAST(body AS BLOB) FROM alert
WHERE id < :before ORDER BY id DESC LIMIT :limit
"""
_ALERTS_OF_DEVICE = """
SELECT id, CAST(body AS BLOB) FROM alert
WHERE device_id = :device_id AND id < :before ORDER BY id DESC LIMIT :limit
"""


def without_store_fields(document: dict[str, Any]) -> dict[str, Any]:
    """Remove the two fields that only the store sets from a reading, and return it."""
    for name in _OURS:
        document.pop(name, None)
    return document


def complete(body: bytes, offset: int, received_at: int) -> bytes:
    """Return a stored reading as JSON with the fields of the store.

    Args:
        body: the reading as a JSON object, which is never empty.
        offset: its position among all readings.
        received_at: when it arrived, in milliseconds since 1970.
    """
    return body[:-1] + tail(offset, format_timestamp(from_milliseconds(received_at)).encode())


def readings(
    connection: sqlite3.Connection, log: LogReader, device_id: str | None, limit: int, before: int
) -> Page[orjson.Fragment]:
    """Return at most `limit` readings before the offset `before`, of one device or of all."""
    with snapshot(connection):
        return paginate(log.newest(connection, device_id, before), limit)


def alerts(connection: sqlite3.Connection, device_id: str | None, limit: int, before: int) -> Page[orjson.Fragment]:
    """Return at most `limit` alerts with an id below `before`, of one device or of all, sent or not."""
    query = _ALERTS if device_id is None else _ALERTS_OF_DEVICE
    rows = connection.execute(query, {"before": before, "device_id": device_id, "limit": limit + 1})
    return paginate(rows, limit)


def arrivals(connection: sqlite3.Connection, recent: Mapping[str, int] | None) -> dict[str, str]:
    """Return the time of the last arrival of each device.

    Args:
        connection: to the database.
        recent: arrivals that may be newer than those in the table of devices, in milliseconds since 1970; if None, they
            are read from the tail, which takes as long as it is large.
    """
    with snapshot(connection):
        last = dict(connection.execute("SELECT name, last_at FROM device").fetchall())
        if recent is None:
            recent = _arrivals_of_tail(connection)
    for device_id, last_at in recent.items():
        last[device_id] = max(last_at, last.get(device_id, 0))
    return {device_id: format_timestamp(from_milliseconds(last_at)) for device_id, last_at in last.items() if last_at}


def _arrivals_of_tail(connection: sqlite3.Connection) -> dict[str, int]:
    found: dict[bytes, bytes] = {}
    for batch in batches(connection):
        for line in batch.lines():
            name, at = device_id_of(line), received_at_of(line)
            found[name] = max(at, found.get(name, b""))
    return {name.decode(): milliseconds_of(at) for name, at in found.items()}
