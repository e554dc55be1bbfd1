"""The ingester's lease: its holder may commit messages from MQTT; a token fences off former holders."""

import datetime as dt
import sqlite3
import time
from collections.abc import Callable

from edge_wire.store import FencedError, Lease, LeaseHeldError


class Leases:
    """Grants the lease; used only in the writer's thread.

    Holder, token and duration are in the database; the expiry is in this process's monotonic clock. If a transaction
    fails after a grant, the expiry is too late, never too early.
    """

    def __init__(self, connection: sqlite3.Connection, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # The time since the previous process is unknown: its lease is valid for its whole duration from now.
        self._ends_at = clock() + connection.execute("SELECT ttl_seconds FROM lease").fetchone()[0]

    def acquire(self, connection: sqlite3.Connection, holder: str, ttl_seconds: float) -> Lease:
        """Grant or renew the lease.

        Raises:
            LeaseHeldError: another replica holds it, and it has not expired.
        """
        held_by, token = connection.execute("SELECT holder, token FROM lease").fetchone()
        now = self._clock()
        if held_by is not None and held_by != holder and now < self._ends_at:
            raise LeaseHeldError(held_by, self._ends_at - now)
        if held_by != holder:
            token += 1
        connection.execute(
            "UPDATE lease SET holder = ?1, token = ?2, ttl_seconds = ?3"
            " WHERE holder IS NOT ?1 OR token <> ?2 OR ttl_seconds <> ?3",
            (holder, token, ttl_seconds),
        )
        self._ends_at = now + ttl_seconds
        return Lease(token, ttl_seconds)

    def release(self, connection: sqlite3.Connection, holder: str, token: int) -> None:
        """Release the lease, if it is still that of `holder` and `token`."""
        connection.execute("UPDATE lease SET holder = NULL WHERE holder = ? AND token = ?", (holder, token))


def fence_off(connection: sqlite3.Connection, now: dt.datetime) -> None:
    """Revoke the lease of the ingester of an earlier database, of which this one may not have the token.

    Args:
        connection: of a database that replaces another one.
        now: the time (aware); tokens continue from it.
    """
    connection.execute("UPDATE lease SET holder = NULL, token = max(token + 1, ?)", (int(now.timestamp()),))


def check_token(connection: sqlite3.Connection, token: int | None) -> None:
    """Check that `token` is that of the lease; None always passes: such messages did not come by MQTT.

    Raises:
        FencedError: it is another one.
    """
    if token is None:
        return
    (current,) = connection.execute("SELECT token FROM lease").fetchone()
    if token != current:
        raise FencedError(f"the lease's token is {current}, not {token}: stop, and take the lease again")
