"""Runs the store until shutdown."""

import asyncio
import logging
from pathlib import Path

from edge_service.metrics import registry
from edge_service.program import StartError
from edge_service.server import HttpServer
from edge_storage.app import make_app
from edge_storage.database.errors import DatabaseFileError
from edge_storage.metrics import StorageMetrics
from edge_storage.settings import StorageSettings
from edge_storage.store import Store

LOCK_SECONDS = 30
"""Seconds that another store in the same directory may take to stop."""

_RETRY_SECONDS = 0.5

logger = logging.getLogger(__name__)


async def serve(settings: StorageSettings, stop: asyncio.Event) -> None:
    """Serve until `stop` is set, then answer the received requests, and close the database.

    Raises:
        StartError: the database cannot be used, or the address is not available.
    """
    registry_ = registry("edge-storage")
    metrics = StorageMetrics(registry_, settings.storage_path)
    store = await _opened(settings.storage_path, metrics)
    try:
        app = make_app(store, metrics, registry_)
        async with HttpServer(app, settings.host, settings.port):
            await stop.wait()
            logger.info("shutting down: answering the requests received so far")
    finally:
        await store.close()


async def _opened(directory: Path, metrics: StorageMetrics) -> Store:
    try:
        async with asyncio.timeout(LOCK_SECONDS):
            while (store := await asyncio.to_thread(Store.open, directory, metrics)) is None:
                logger.warning("another store uses %s; waiting for it to stop", directory)
                await asyncio.sleep(_RETRY_SECONDS)
    except TimeoutError:
        raise StartError(f"another store still uses {directory}: stop it, or set STORAGE_PATH") from None
    except DatabaseFileError as error:
        raise StartError(str(error)) from error
    return store
