"""Readings and alerts as records: key, value, headers."""

import functools
from collections.abc import Callable

import orjson

from edge_processor.delivery.ledger import Entry
from edge_processor.sinks.kafka.producing.batch import Headers, Record
from edge_wire.store import OutboxAlert
from edge_wire.store.line import device_id_of

CACHED_KEYS = 4096
"""Number of devices with a key in the cache."""


def reading_record(site: str, log_id: str) -> Callable[[Entry], Record]:
    """Return a function that turns a stored reading into a record.

    Args:
        site: namespace and name of the site, as `namespace/name`.
        log_id: identifier of the store's log.
    """
    constant: Headers = [("log", log_id.encode()), ("site", site.encode())]
    prefix = site.encode() + b"/"

    @functools.lru_cache(CACHED_KEYS)
    def key(device_id: bytes) -> bytes:
        return prefix + device_id

    def record(entry: Entry) -> Record:
        offset, line = entry
        return key(device_id_of(line)), line, [("offset", b"%d" % offset), *constant]

    return record


def alert_record(site: str, log_id: str) -> Callable[[OutboxAlert], Record]:
    """Return a function that turns an alert into a record; arguments as those of `reading_record`."""
    constant: Headers = [("log", log_id.encode()), ("site", site.encode())]

    def record(alert: OutboxAlert) -> Record:
        key = f"{site}/{alert.alert['device_id']}".encode()
        return key, orjson.dumps(alert.alert), [("id", _id_of(alert)), *constant]

    return record


def _id_of(alert: OutboxAlert) -> bytes:
    """Return the id; `dead-letter-7` for a dead letter that is sent again: its id as an alert is not known."""
    return b"%d" % alert.id if alert.id >= 0 else b"dead-letter-%d" % -alert.id
