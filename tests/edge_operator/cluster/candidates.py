"""Candidates for one Lease on a virtual clock; each can be stopped and resumed, as by SIGSTOP and SIGCONT."""

import asyncio
import datetime as dt
from collections.abc import Coroutine, Generator
from typing import Any

from edge_operator.cluster.election import Election
from edge_operator.cluster.lease import LeaseGate
from edge_operator.telemetry.metrics import Metrics
from tests.edge_operator.cluster.leases import FakeSession, LeaseServer, Network
from tests.edge_operator.cluster.virtual import now

EPOCH = dt.datetime(2026, 7, 1, tzinfo=dt.UTC)


class Stoppable:
    """Runs a coroutine, but not while its process is stopped."""

    def __init__(self, inner: Coroutine[Any, Any, None], network: Network) -> None:
        self._inner, self._network = inner, network

    async def run(self) -> None:
        await self

    def __await__(self) -> Generator[Any, None, None]:
        error: BaseException | None = None
        while True:
            while (rest := self._network.thaw_at - now()) > 0:
                try:
                    yield from asyncio.sleep(rest).__await__()
                except asyncio.CancelledError as cancelled:
                    error = cancelled
            try:
                waited = self._inner.send(None) if error is None else self._inner.throw(error)
            except StopIteration:
                return
            error = None
            try:
                yield waited
            except BaseException as thrown:  # noqa: BLE001 - handed on to where it belongs
                error = thrown


class Candidate:
    """One process that takes part in the election.

    Args:
        server: where the Lease is.
        identity: its name.
        wall_offset: by how much its wall clock is wrong.
    """

    def __init__(self, server: LeaseServer, identity: str, wall_offset: dt.timedelta = dt.timedelta()) -> None:
        self.identity = identity
        self.network = Network()
        self.changes: list[bool] = []
        self.wall_offset = wall_offset
        self.metrics = Metrics()
        loop = asyncio.get_running_loop()
        self.gate = LeaseGate(loop.time)
        self.election = Election(
            FakeSession(server, self.network).as_aiohttp(),
            namespace="edge-system",
            name="edge-operator",
            identity=identity,
            gate=self.gate,
            metrics=self.metrics,
            clock=loop.time,
            wall_clock=lambda: EPOCH + dt.timedelta(seconds=loop.time()) + self.wall_offset,
            on_change=self.changes.append,
        )
        self.task = asyncio.create_task(Stoppable(self.election.run(), self.network).run())

    def stop(self, seconds: float) -> None:
        """Stop the process for a while."""
        self.network.thaw_at = max(self.network.thaw_at, now() + seconds)

    async def kill(self) -> None:
        """End it as a power cut would: its gate is nobody's any more."""
        self.network.thaw_at = float("-inf")
        self.task.cancel()
        await asyncio.wait([self.task])
        self.gate.close()

    async def end(self) -> None:
        """End it in good order."""
        self.network.thaw_at = float("-inf")
        self.task.cancel()
        await asyncio.wait([self.task])
        await self.election.release()
