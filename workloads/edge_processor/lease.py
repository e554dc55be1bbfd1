"""The ingester's lease: acquired, renewed, released."""

import asyncio
import logging
from collections.abc import Callable

from edge_pacing.backoff import Backoff
from edge_service.store import StoreClient
from edge_wire.store import Lease, LeaseHeldError, StoreError

POLL_SECONDS = 0.5
"""Seconds between two attempts of a standby: a released lease is acquired within this time."""

AFTER_EXPIRY_SECONDS = 0.02
"""Seconds after the expiry of another replica's lease until the next attempt."""

logger = logging.getLogger(__name__)


class LeaseLostError(Exception):
    """Another replica is the ingester now."""


class LeaseClient:
    """Acquires and renews the lease.

    While the store is unavailable no other replica can acquire the lease either: it is then neither valid nor lost.

    Attributes:
        answered_at: when the store last answered, in seconds of the event loop's clock; None if it never has.
    """

    def __init__(self, store: StoreClient, holder: str, ttl_seconds: float) -> None:
        """Prepare; requests of `store` should end within a part of `ttl_seconds`."""
        self._store = store
        self._holder = holder
        self._ttl_seconds = ttl_seconds
        self._valid_until = 0.0
        self._renewed = asyncio.Event()
        self.answered_at: float | None = None

    async def acquire(self) -> Lease:
        """Wait until the lease is free, and acquire it."""
        backoff = Backoff(first=0.2, longest=1.0)
        role, reported = "this processor has had no answer of the store yet", ""
        while True:
            try:
                lease = await self._ask()
            except LeaseHeldError as held:
                backoff.reset()
                role, reported = f"this processor is the standby of {held.holder}", ""
                await asyncio.sleep(min(held.expires_in_seconds + AFTER_EXPIRY_SECONDS, POLL_SECONDS))
            except StoreError as error:
                # The cause alone would read as if this replica were to blame for the readings that wait.
                message = f"{role}; it asks the store for the ingester's lease again: {error}"
                logger.log(logging.DEBUG if message == reported else logging.WARNING, message)
                reported = message
                await asyncio.sleep(backoff.next())
            else:
                logger.info("acquired the ingester's lease with token %d as %s", lease.token, self._holder)
                return lease

    async def renew(self, lease: Lease, on_renewed: Callable[[Lease], None] = lambda _: None) -> None:
        """Renew the lease until cancelled.

        Args:
            lease: as acquired.
            on_renewed: called with each answer of the store: after its restart, its listener may have another port.

        Raises:
            LeaseLostError: another replica holds it.
        """
        while True:
            await asyncio.sleep(self._ttl_seconds / 4)
            try:
                renewed = await self._ask()
            except LeaseHeldError as held:
                raise LeaseLostError(f"{held.holder} is the ingester now") from held
            except StoreError as error:
                logger.warning("cannot renew the ingester's lease: %s", error)
                continue
            if renewed.token != lease.token:
                raise LeaseLostError(f"another replica held the lease meanwhile: token {renewed.token}")
            on_renewed(renewed)

    @property
    def is_valid(self) -> bool:
        """Whether the lease is certainly ours now."""
        return asyncio.get_running_loop().time() < self._valid_until

    async def valid(self) -> None:
        """Wait until the lease is certainly ours."""
        while not self.is_valid:
            self._renewed.clear()
            await self._renewed.wait()

    async def release(self, lease: Lease) -> None:
        """Release the lease, so that another replica need not wait for its expiry."""
        self._valid_until = 0.0
        try:
            await self._store.release_lease(self._holder, lease.token)
        except StoreError as error:
            logger.warning("cannot release the ingester's lease; it will expire: %s", error)

    async def _ask(self) -> Lease:
        loop = asyncio.get_running_loop()
        asked_at = loop.time()
        try:
            lease = await self._store.acquire_lease(self._holder, self._ttl_seconds)
        except LeaseHeldError:
            self.answered_at = loop.time()
            raise
        self.answered_at = loop.time()
        # Counted from the request: only the store has the time at which it granted the lease.
        self._valid_until = asked_at + lease.ttl_seconds
        self._renewed.set()
        return lease
