"""The store's HTTP application."""

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from edge_service.probe_routes import probe_router
from edge_service.probes import Probes
from edge_storage import problems
from edge_storage.frames.listener import IngestListener
from edge_storage.frames.notifier import Notifier
from edge_storage.metrics import StorageMetrics
from edge_storage.routes.alerts import alerts_router
from edge_storage.routes.commands import commands_router
from edge_storage.routes.dead_letters import dead_letters_router
from edge_storage.routes.lease import lease_router
from edge_storage.routes.log import log_router
from edge_storage.routes.readings import readings_router
from edge_storage.routes.storage import storage_router
from edge_storage.store import Store


def make_app(store: Store, metrics: StorageMetrics, registry: CollectorRegistry, listener: IngestListener) -> FastAPI:
    """Return the application over a store, which may open later.

    Args:
        store: the store.
        metrics: of the store.
        registry: of all metrics.
        listener: accepts frames; it notifies the processors of readings over HTTP.
    """
    app = FastAPI(title="edge-storage", docs_url=None, redoc_url=None, openapi_url=None)
    problems.install(app)
    probes = Probes(
        registry=registry,
        sick=lambda: [] if store.is_alive else ["the database writer has stopped"],
        waiting_for=lambda: [store.problem] if store.problem else [],
    )
    app.include_router(probe_router(probes))
    notifier = Notifier(listener.notify)
    app.include_router(readings_router(store, metrics, notifier))
    app.include_router(dead_letters_router(store, metrics, notifier))
    app.include_router(log_router(store))
    app.include_router(lease_router(store, listener.port))
    app.include_router(alerts_router(store))
    app.include_router(commands_router(store))
    app.include_router(storage_router(store))
    return app
