"""Runs the store until shutdown."""

import asyncio
import contextlib
import logging
import time

from edge_service.metrics import HttpEnds, registry
from edge_service.program import StartError
from edge_service.server import HttpServer
from edge_service.serving.connection_table import ConnectionTable
from edge_service.serving.file_descriptors import raise_file_limit, share
from edge_service.serving.limits import ConnectionLimits
from edge_storage.app import make_app
from edge_storage.database.errors import DatabaseFileError, OpeningStoppedError
from edge_storage.frames.listener import IngestListener
from edge_storage.frames.store_committer import StoreCommitter
from edge_storage.log.retention_plan import Limits
from edge_storage.metrics import StorageMetrics
from edge_storage.retention import Retention
from edge_storage.settings import StorageSettings
from edge_storage.store import Store

LOCK_SECONDS = 30
"""Seconds that another store in the same directory may take to stop."""

QUIET_SECONDS = 5
"""Seconds after which the server answers although the database is not open yet: with 503, and alive for its probes."""

MAX_CONNECTIONS = 4096
"""HTTP connections: those of the gateways, one for each of their requests, and of the processors."""

_RETRY_SECONDS = 0.5

logger = logging.getLogger(__name__)


async def serve(settings: StorageSettings, stop: asyncio.Event) -> None:
    """Serve until `stop` is set, then answer the received requests, and close the database.

    Raises:
        StartError: the database cannot be used, or the address is not available.
    """
    registry_ = registry("edge-storage")
    metrics = StorageMetrics(registry_, settings.storage_path)
    store = Store(settings.storage_path, metrics)
    listener = IngestListener(settings.host, settings.ingest_port, StoreCommitter(store, metrics))
    listener.start()
    app = make_app(store, metrics, registry_, listener)
    opening = asyncio.create_task(_open(store, stop))
    stopping = asyncio.create_task(stop.wait())
    retention = asyncio.create_task(_retain(Retention(store, _limits(settings), metrics), opening))
    try:
        await asyncio.wait({opening, stopping}, timeout=QUIET_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if opening.done():
            await opening
        table = ConnectionTable(_connections(), HttpEnds(registry_))
        async with HttpServer(app, settings.host, settings.port, table):
            await asyncio.wait({opening, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if opening.done():
                await opening
            await stopping
            logger.info("shutting down: answering the requests received so far")
    finally:
        stopping.cancel()
        retention.cancel()
        await asyncio.to_thread(listener.stop)
        store.stop_opening()
        with contextlib.suppress(StartError, OpeningStoppedError):
            await opening
        await store.close()


async def _retain(retention: Retention, opening: asyncio.Task[None]) -> None:
    await asyncio.wait({opening})
    if opening.exception() is None:
        await retention.run()


def _connections() -> ConnectionLimits:
    # Half of the file descriptors are left to the database and the segments.
    connections = share(MAX_CONNECTIONS, raise_file_limit(), 2)
    return ConnectionLimits(connections=connections, connections_per_source=max(1, connections * 3 // 4))


def _limits(settings: StorageSettings) -> Limits:
    age = settings.retention_max_age
    return Limits(settings.retention_max_bytes, None if age is None else round(age * 1000))


async def _open(store: Store, stop: asyncio.Event) -> None:
    ends_at = time.monotonic() + LOCK_SECONDS
    try:
        while not await asyncio.to_thread(store.open):
            if time.monotonic() >= ends_at:
                raise StartError(f"another store still uses {store.directory}: stop it, or set STORAGE_PATH")
            logger.warning("another store uses %s; waiting for it to stop", store.directory)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_RETRY_SECONDS):
                    await stop.wait()
                return
    except DatabaseFileError as error:
        raise StartError(str(error)) from error
