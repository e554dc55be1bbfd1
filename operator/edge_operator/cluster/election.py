"""Leader election: acquires, renews and releases one Lease."""

import asyncio
import datetime as dt
import logging
import math
from collections.abc import Callable
from typing import Any

import aiohttp

from edge_operator.telemetry.metrics import Metrics

from .client import decode
from .errors import ApiError
from .lease import LEASE_SECONDS, LeaseGate, LeaseObject, ObservedLease, Step, next_step
from .lease_manifest import held_by, new_lease
from .resource_versions import ClusterRestoredError, ResourceVersions

RENEW_SECONDS = 2.0
RETRY_SECONDS = 1.0
CREATE_AFTER_SECONDS = RENEW_SECONDS + 2 * RETRY_SECONDS
"""Seconds for which a candidate leaves a deleted Lease to the leader, which creates it again at its next renewal."""

REQUEST_TIMEOUT_SECONDS = 2.0
SUSPENDED_SECONDS = 30.0
"""Longer than any two responses are apart while this process runs and the API server responds."""

logger = logging.getLogger(__name__)


class Election:
    """Takes part in the election for one Lease.

    Args:
        session: a connection of its own, so that no other traffic delays a renewal.
        namespace: namespace of the Lease.
        name: name of the Lease.
        identity: unique name of this process.
        gate: opened while this process holds the lease.
        metrics: shows the leadership.
        clock: monotonic clock that counts suspension, in seconds.
        wall_clock: current time, for the timestamps in the Lease.
        on_change: called with True when this process becomes the leader, with False when it stops being it.

    Attributes:
        api_reachable_since: time on the clock since which the API server responds, in seconds; infinity if it does not.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        namespace: str,
        name: str,
        identity: str,
        gate: LeaseGate,
        metrics: Metrics,
        clock: Callable[[], float],
        wall_clock: Callable[[], dt.datetime],
        on_change: Callable[[bool], None],
    ) -> None:
        self._session = session
        self._collection = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
        self._name = name
        self._namespace = namespace
        self._identity = identity
        self._gate = gate
        self._metrics = metrics
        self._clock = clock
        self._wall_clock = wall_clock
        self._observed: ObservedLease | None = None
        self._object: LeaseObject | None = None
        self._absent_since: float | None = None
        self._lease: dict[str, Any] = {}
        self._versions = ResourceVersions()
        self._on_change = on_change
        self._leading = False
        self.api_reachable_since = math.inf

    @property
    def lost_to_other(self) -> bool:
        """Whether another process holds the lease, as far as is known; a released lease is held by nobody."""
        return self._observed is not None and self._observed.holder not in ("", self._identity)

    async def run(self) -> None:
        """Take part until cancelled. Any other exception counts as a failed renewal.

        Raises:
            ClusterRestoredError: the API server's data was restored from a backup.
        """
        answered_at = -math.inf
        while True:
            asked_at = self._clock()
            if asked_at > answered_at + SUSPENDED_SECONDS:
                # This process was suspended, or has sent no request yet: the silence is not the API server's.
                self.api_reachable_since = math.inf
            try:
                async with asyncio.timeout(REQUEST_TIMEOUT_SECONDS):
                    await self._step()
            except ClusterRestoredError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, the lease was not renewed
                logger.warning("lease %s: %s: %s", self._name, type(error).__name__, error)
                if isinstance(error, ApiError):
                    answered_at = self._record_answer()
                else:
                    self.api_reachable_since = math.inf
                # The observed lease may be out of date: read it before the next step.
                self._lease = {}
                self._publish(asked_at, renewed=False)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            answered_at = self._record_answer()
            renewed = self._observed is not None and self._observed.holder == self._identity
            self._publish(asked_at, renewed=renewed)
            await asyncio.sleep(RENEW_SECONDS if self._gate.is_open() else RETRY_SECONDS)

    def _record_answer(self) -> float:
        """Record a response of the API server and return its time."""
        now = self._clock()
        self.api_reachable_since = min(self.api_reachable_since, now)
        return now

    async def release(self) -> None:
        """Release the lease, so that another process acquires it at once. Without a response it expires."""
        held = self._gate.is_open()
        self._gate.close()
        self._publish(self._clock(), renewed=False)
        if not held:
            return
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_SECONDS):
                # A renewal that was cancelled may have changed the lease.
                await self._read()
                if self._observed is not None and self._observed.holder == self._identity:
                    await self._put(holder="")
        except (ApiError, aiohttp.ClientError, OSError, TimeoutError, ClusterRestoredError) as error:
            logger.warning("lease %s not released: %s", self._name, error)

    def _publish(self, asked_at: float, *, renewed: bool) -> None:
        # A gate that closed and opens again has rejected writes in between, so both changes are reported.
        self._notify(leading=self._gate.is_open())
        if renewed and self._may_lead(asked_at):
            self._gate.hold(asked_at)
            self._notify(leading=self._gate.is_open())

    def _may_lead(self, asked_at: float) -> bool:
        """Return whether the holder of the Lease may lead, which a new Lease does not allow yet."""
        return self._gate.is_open() or (self._object is not None and self._object.is_settled(asked_at))

    def _notify(self, *, leading: bool) -> None:
        if leading == self._leading:
            return
        self._leading = leading
        self._metrics.leader.set(leading)
        logger.info("lease %s: %s %s", self._name, self._identity, "leads" if leading else "stands by")
        self._on_change(leading)

    async def _step(self) -> None:
        if not self._lease or self._observed is None or self._observed.holder != self._identity:
            await self._read()
        match next_step(self._observed, self._identity, self._clock()):
            case Step.CREATE:
                if self._creates():
                    lease = new_lease(self._namespace, self._name, self._identity, self._now())
                    await self._write("POST", self._collection, lease)
            case Step.RENEW | Step.TAKE:
                await self._put(holder=self._identity)
            case Step.WAIT:
                pass

    async def _read(self) -> None:
        try:
            async with self._session.get(f"{self._collection}/{self._name}") as response:
                self._observe(await decode(response))
        except ApiError as error:
            if not error.not_found:
                raise
            self._lease, self._observed = {}, None
            if self._absent_since is None:
                self._absent_since = self._clock()

    def _creates(self) -> bool:
        """Return whether this process creates the absent Lease now: the leader at once, a candidate later."""
        absent_since = self._clock() if self._absent_since is None else self._absent_since
        return self._gate.is_open() or self._clock() >= absent_since + CREATE_AFTER_SECONDS

    def _observe(self, lease: dict[str, Any]) -> None:
        self._versions.check(lease["metadata"]["resourceVersion"])
        self._lease, self._absent_since = lease, None
        metadata, spec, now = lease["metadata"], lease.get("spec") or {}, self._clock()
        holder = spec.get("holderIdentity") or ""
        if self._object is None or self._object.uid != metadata["uid"]:
            self._object = LeaseObject(metadata["uid"], now, released=not holder and bool(spec.get("renewTime")))
        if self._observed is not None and self._observed.version == metadata["resourceVersion"]:
            return
        duration = float(spec.get("leaseDurationSeconds") or LEASE_SECONDS)
        self._observed = ObservedLease(holder, metadata["resourceVersion"], duration, now)

    def _now(self) -> str:
        return self._wall_clock().astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    async def _put(self, *, holder: str) -> None:
        await self._write("PUT", f"{self._collection}/{self._name}", held_by(self._lease, holder, self._now()))

    async def _write(self, method: str, path: str, lease: dict[str, Any]) -> None:
        async with self._session.request(method, path, json=lease) as response:
            self._observe(await decode(response))
