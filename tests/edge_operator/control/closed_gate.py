"""The client of a process that does not lead: whatever it is to write stops at the gate, so no API server is needed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from edge_operator.cluster.budget import WriteBudget
from edge_operator.cluster.client import ApiClient
from edge_operator.telemetry.metrics import Metrics
from tests.edge_operator.cluster.virtual import Clock


class ClosedGate:
    """Lets no write through, and counts those that came."""

    def __init__(self) -> None:
        self.attempts = 0

    def is_open(self) -> bool:
        self.attempts += 1
        return False


@asynccontextmanager
async def closed_client() -> AsyncIterator[tuple[ApiClient, ClosedGate]]:
    """Yield a client and its gate."""
    gate = ClosedGate()
    async with aiohttp.ClientSession() as session:
        yield ApiClient(session, gate, WriteBudget(1000.0, 1000, Clock()), Metrics()), gate
