"""The alert rules in force, stored in the database."""

import datetime as dt
import sqlite3
from collections.abc import Sequence
from typing import Any

import orjson

from edge_readings.rules import Rules
from edge_storage.alerts import withdraw


def in_force(connection: sqlite3.Connection) -> Rules:
    """Return the rules in force."""
    (text,) = connection.execute("SELECT value FROM setting WHERE name = 'rules'").fetchone()
    return Rules.from_objects(orjson.loads(text))


def replace(connection: sqlite3.Connection, documents: Sequence[Any], now: dt.datetime) -> None:
    """Replace the rules by `documents`, and clear the alerts of deleted rules.

    Raises:
        RulesError: one of them is invalid; the old ones stay.
    """
    rules = Rules.from_objects(documents)
    connection.execute("UPDATE setting SET value = ? WHERE name = 'rules'", (orjson.dumps(documents).decode(),))
    withdraw(connection, rules, now)
