"""`edge-processor`: waits for the ingester's lease, runs the pipeline while it holds it, waits again."""

import asyncio
import contextlib
import logging

from edge_processor.ingest_pipeline import IngestPipeline
from edge_processor.lease import LeaseClient, LeaseLostError
from edge_processor.metrics import ProcessorMetrics
from edge_processor.readiness import Readiness
from edge_processor.settings import ProcessorSettings, holder_name
from edge_service.metrics import registry
from edge_service.probe_server import ProbeServer
from edge_service.probes import Probes
from edge_service.program import Program
from edge_service.store import StoreClient
from edge_service.waiting import set_within
from edge_wire.store import FencedError, Lease

NAME = "edge-processor"

REJECTED_SECONDS = 5.0
"""Seconds until a store of an older release is asked for the lease again."""

logger = logging.getLogger(__name__)


async def serve(settings: ProcessorSettings, stop: asyncio.Event) -> None:
    """Run until `stop` is set."""
    figures = registry(NAME)
    metrics = ProcessorMetrics(figures)
    readiness = Readiness()
    metrics.connected.set_function(lambda: readiness.is_connected)
    probes = Probes(figures, waiting_for=readiness.waiting_for)
    async with (
        StoreClient(settings.storage_url) as store,
        # A client with its own connections and timeout: a slow commit must not cost the lease.
        StoreClient(settings.storage_url, timeout_seconds=settings.lease_seconds / 2, attempts=1) as lease_store,
        ProbeServer(probes, settings.host, settings.port),
    ):
        holder = holder_name()
        lease_client = LeaseClient(lease_store, holder, settings.lease_seconds)
        readiness.lease_client = lease_client
        while not stop.is_set():
            lease = await _acquire_unless(stop, lease_client)
            if lease is None:
                return
            if lease.ingest_port is None:
                await _reject_store(stop, lease_client, lease)
                continue
            metrics.holding.set(1)
            pipeline = IngestPipeline(settings, store, lease_client, lease, holder, metrics)
            readiness.session = pipeline.session
            await _hold(pipeline, lease_client, lease, stop)
            readiness.session = None
            metrics.holding.set(0)


async def _reject_store(stop: asyncio.Event, lease_client: LeaseClient, lease: Lease) -> None:
    """Release the lease of a store that accepts no frames, and wait a while."""
    logger.error("the store has no listener for frames: it is of an older release: update it")
    await lease_client.release(lease)
    await set_within(stop, REJECTED_SECONDS)


async def _acquire_unless(stop: asyncio.Event, lease_client: LeaseClient) -> Lease | None:
    """Wait for the lease; return None if `stop` is set before."""
    acquiring = asyncio.create_task(lease_client.acquire())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({acquiring, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if acquiring.done():
        return acquiring.result()
    acquiring.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await acquiring
    return None


async def _hold(pipeline: IngestPipeline, lease_client: LeaseClient, lease: Lease, stop: asyncio.Event) -> None:
    """Run the pipeline until `stop` is set, then release the lease; or until another replica is the ingester."""
    try:
        await pipeline.run(stop)
    except* (LeaseLostError, FencedError) as lost:
        logger.warning("no longer the ingester: %s", lost.exceptions[0])
    else:
        await lease_client.release(lease)


PROGRAM = Program(
    NAME,
    "Reads the readings of a site's devices from the broker, writes them to the store, and publishes alerts and"
    " processed readings.",
    ProcessorSettings,
    serve,
)


def main() -> None:
    """Run the program."""
    PROGRAM.run()


if __name__ == "__main__":
    main()
