"""The election: takes, renews and releases one Lease at the API server."""

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
from .lease import LEASE_SECONDS, RENEW_DEADLINE_SECONDS, LeaseGate, Move, Sighting, next_move

RENEW_SECONDS = 2.0
RETRY_SECONDS = 1.0
REQUEST_TIMEOUT_SECONDS = 2.0
SUSPENDED_SECONDS = 30.0
"""Longer than any two answers are apart while this process runs and the API server answers."""
NOT_FOUND = 404

logger = logging.getLogger(__name__)


class Election:
    """Takes part in the election for one Lease.

    Args:
        session: a connection of its own, so that no other traffic delays a renewal.
        namespace: namespace of the Lease.
        name: name of the Lease.
        identity: this process; unlike any other's.
        gate: what is opened while the lease is ours.
        metrics: where leadership shows.
        clock: seconds on a clock that never goes back and counts suspension.
        wall_clock: what is written into the Lease for people.
        on_change: called with True when the lease becomes ours, with False when it is lost.

    Attributes:
        answering_since: our clock when the API server began to answer, each time since; infinity if it does not.
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
        self._sighting: Sighting | None = None
        self._absent_since: float | None = None
        self._lease: dict[str, Any] = {}
        self._on_change = on_change
        self._leading = False
        self.answering_since = math.inf

    @property
    def displaced(self) -> bool:
        """Whether another process holds the lease, as far as is known; one that was released is nobody's."""
        return self._sighting is not None and self._sighting.holder not in ("", self._identity)

    async def run(self) -> None:
        """Take part until cancelled. Any failure to renew is but a failed renewal."""
        answered_at = -math.inf
        while True:
            asked_at = self._clock()
            if asked_at > answered_at + SUSPENDED_SECONDS:
                # This process slept, or has asked nobody yet: what it has not heard is nobody's fault.
                self.answering_since = math.inf
            try:
                async with asyncio.timeout(REQUEST_TIMEOUT_SECONDS):
                    await self._step()
            except Exception as error:  # noqa: BLE001 - whatever it is, the lease was not renewed
                logger.warning("lease %s: %s: %s", self._name, type(error).__name__, error)
                if isinstance(error, ApiError):
                    answered_at = self._answered()
                else:
                    self.answering_since = math.inf
                # What was last seen may be out of date: look before the next move, and count on nothing new.
                self._lease = {}
                self._show(asked_at, renewed=False)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            answered_at = self._answered()
            renewed = self._sighting is not None and self._sighting.holder == self._identity
            self._show(asked_at, renewed=renewed)
            await asyncio.sleep(RENEW_SECONDS if renewed else RETRY_SECONDS)

    def _answered(self) -> float:
        """Take note that the API server has answered, and return when."""
        now = self._clock()
        self.answering_since = min(self.answering_since, now)
        return now

    async def release(self) -> None:
        """Give the lease up, so that another takes it at once. Without an answer it runs out by itself."""
        held = self._gate.is_open()
        self._gate.close()
        self._show(self._clock(), renewed=False)
        if not held:
            return
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_SECONDS):
                # A renewal that was cut short may have changed it unseen.
                await self._look()
                if self._sighting is not None and self._sighting.holder == self._identity:
                    await self._put(holder="")
        except (ApiError, aiohttp.ClientError, OSError, TimeoutError) as error:
            logger.warning("lease %s not released: %s", self._name, error)

    def _show(self, asked_at: float, *, renewed: bool) -> None:
        # A gate that closed and opens again has refused writes meanwhile: both changes are told.
        self._tell(leading=self._gate.is_open())
        if renewed:
            self._gate.hold(asked_at)
            self._tell(leading=self._gate.is_open())

    def _tell(self, *, leading: bool) -> None:
        if leading == self._leading:
            return
        self._leading = leading
        self._metrics.leader.set(leading)
        logger.info("lease %s: %s %s", self._name, self._identity, "leads" if leading else "stands by")
        self._on_change(leading)

    async def _step(self) -> None:
        if not self._lease or self._sighting is None or self._sighting.holder != self._identity:
            await self._look()
        if self._may_be_relied_on():
            return
        match next_move(self._sighting, self._identity, self._clock()):
            case Move.CREATE:
                await self._write("POST", self._collection, self._fresh())
            case Move.RENEW | Move.TAKE:
                await self._put(holder=self._identity)
            case Move.WAIT:
                pass

    async def _look(self) -> None:
        try:
            async with self._session.get(f"{self._collection}/{self._name}") as response:
                self._see(await decode(response))
        except ApiError as error:
            if error.code != NOT_FOUND:
                raise
            self._lease, self._sighting = {}, None
            if self._absent_since is None:
                self._absent_since = self._clock()

    def _may_be_relied_on(self) -> bool:
        """Return whether another's gate may still be open on a Lease that is not there: somebody may have deleted it.

        The manifests come with the Lease, so that this never delays a first start.
        """
        if self._absent_since is None or self._gate.is_open():
            return False
        return self._clock() < self._absent_since + RENEW_DEADLINE_SECONDS

    def _see(self, lease: dict[str, Any]) -> None:
        self._lease, self._absent_since = lease, None
        version = lease["metadata"]["resourceVersion"]
        if self._sighting is not None and self._sighting.version == version:
            return
        spec = lease.get("spec") or {}
        duration = float(spec.get("leaseDurationSeconds") or LEASE_SECONDS)
        self._sighting = Sighting(spec.get("holderIdentity") or "", version, duration, self._clock())

    def _now(self) -> str:
        return self._wall_clock().astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def _fresh(self) -> dict[str, Any]:
        return {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": self._name, "namespace": self._namespace},
            "spec": {
                "holderIdentity": self._identity,
                "leaseDurationSeconds": int(LEASE_SECONDS),
                "acquireTime": self._now(),
                "renewTime": self._now(),
                "leaseTransitions": 0,
            },
        }

    async def _put(self, *, holder: str) -> None:
        spec = dict(self._lease.get("spec") or {})
        if holder and spec.get("holderIdentity") != holder:
            spec["acquireTime"] = self._now()
            spec["leaseTransitions"] = int(spec.get("leaseTransitions") or 0) + 1
        spec |= {"holderIdentity": holder, "renewTime": self._now()}
        spec["leaseDurationSeconds"] = int(LEASE_SECONDS) if holder else 1
        await self._write("PUT", f"{self._collection}/{self._name}", self._lease | {"spec": spec})

    async def _write(self, method: str, path: str, lease: dict[str, Any]) -> None:
        async with self._session.request(method, path, json=lease) as response:
            self._see(await decode(response))
