"""The destination at work, and what its Alertmanager has."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from edge_processor.delivery.destination import DeliveryError
from edge_processor.sinks.alerts import alertmanager as product
from edge_processor.sinks.alerts.poster import Poster
from edge_processor.sinks.http.credentials import CredentialFiles
from edge_processor.sinks.http.endpoint import Endpoint
from edge_processor.sinks.http.session import HttpSession
from edge_wire.store import OutboxAlert
from tests.edge_processor.sinks.alerts.documents import Firing
from tests.support.alertmanager import Alertmanager

REPEAT_SECONDS = 0.3


@asynccontextmanager
async def destination(
    url: str, store: Firing, repeat_seconds: float = REPEAT_SECONDS, answer_seconds: float = 5.0
) -> AsyncIterator[product.Alertmanager]:
    """Run the destination as a sink does."""
    session = HttpSession(Endpoint(url, CredentialFiles(None)), answer_seconds)
    async with running(product.Alertmanager(Poster(session), store, "factory", "berlin", repeat_seconds)) as made:
        yield made


@asynccontextmanager
async def running(made: product.Alertmanager) -> AsyncIterator[product.Alertmanager]:
    """Run a destination beside what the test does."""
    task = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def delivered(sink: product.Alertmanager, *alerts: OutboxAlert) -> None:
    """Send alerts until they are confirmed, as the sink does."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await sink.send_alerts(alerts)
            except DeliveryError:
                await asyncio.sleep(0.05)


async def until_firing(manager: Alertmanager, devices: set[str]) -> None:
    found: set[str] = set()
    for _ in range(300):
        found = set(await asyncio.to_thread(manager.firing))
        if found == devices:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{found} fire, and {devices} should")
