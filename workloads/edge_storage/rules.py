"""The rule set that is in force, kept in the database."""

import datetime as dt
import functools
import sqlite3
from collections.abc import Sequence
from typing import Any

import orjson

from edge_readings.rules import Rules
from edge_storage.alerts import withdraw


def in_force(connection: sqlite3.Connection) -> Rules:
    """Return the rules that readings are checked against now."""
    (text,) = connection.execute("SELECT value FROM setting WHERE name = 'rules'").fetchone()
    return _parsed(text)


def replace(connection: sqlite3.Connection, documents: Sequence[Any], now: dt.datetime) -> None:
    """Put `documents` in force, and clear the alerts of rules that are gone.

    Raises:
        RulesError: One of them is wrong; the old ones stay.
    """
    rules = Rules.from_objects(documents)
    connection.execute("UPDATE setting SET value = ? WHERE name = 'rules'", (orjson.dumps(documents).decode(),))
    withdraw(connection, rules, now)


@functools.lru_cache(maxsize=2)
def _parsed(text: str) -> Rules:
    return Rules.from_objects(orjson.loads(text))
