"""The ingester's lease: who may commit what came by MQTT, with a token that fences off everybody before."""

import sqlite3
import time
from collections.abc import Callable

from edge_wire.store import FencedError, Lease, LeaseHeldError


class Leases:
    """Grants the lease; used by the writer's thread alone.

    Holder, token and duration are in the database; when it ends is counted by this process's monotonic clock. A
    transaction that fails after a grant leaves the end too late, never too early.
    """

    def __init__(self, connection: sqlite3.Connection, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # Nobody knows how long the store was away: what it had granted stands for its whole duration from now.
        self._ends_at = clock() + connection.execute("SELECT ttl_seconds FROM lease").fetchone()[0]

    def take(self, connection: sqlite3.Connection, holder: str, ttl_seconds: float) -> Lease:
        """Grant or renew the lease.

        Raises:
            LeaseHeldError: Another holds it, and it has not ended.
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
        """End the lease, if it is still the one of `holder` and `token`."""
        connection.execute("UPDATE lease SET holder = NULL WHERE holder = ? AND token = ?", (holder, token))


def check_token(connection: sqlite3.Connection, token: int | None) -> None:
    """Let pass the token of the lease, and who has none because he came by another door.

    Raises:
        FencedError: The token is another one.
    """
    if token is None:
        return
    (current,) = connection.execute("SELECT token FROM lease").fetchone()
    if token != current:
        raise FencedError(f"the lease's token is {current}, not {token}: stop, and take the lease again")
