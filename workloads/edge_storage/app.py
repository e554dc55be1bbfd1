"""The store's HTTP application."""

from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.types import ASGIApp

from edge_service.head_requests import HeadRequests
from edge_service.probe_routes import probe_routes
from edge_service.probes import Probes
from edge_storage import problems
from edge_storage.frames.listener import IngestListener
from edge_storage.frames.notifier import Notifier
from edge_storage.metrics import StorageMetrics
from edge_storage.routes.alerts import alerts_routes
from edge_storage.routes.commands import commands_routes
from edge_storage.routes.dead_letters import dead_letters_routes
from edge_storage.routes.lease import lease_routes
from edge_storage.routes.log import log_routes
from edge_storage.routes.readings import readings_routes
from edge_storage.routes.sinks import sinks_routes
from edge_storage.routes.storage import storage_routes
from edge_storage.store import Store


def make_app(store: Store, metrics: StorageMetrics, registry: CollectorRegistry, listener: IngestListener) -> ASGIApp:
    """Return the application over a store, which may open later.

    Args:
        store: the store.
        metrics: of the store.
        registry: of all metrics.
        listener: accepts frames; it notifies the processors of readings over HTTP.
    """
    probes = Probes(
        registry=registry,
        sick=lambda: [] if store.is_alive else [store.problem or "the database writer or the sealer has stopped"],
        waiting_for=lambda: [store.problem] if store.problem else [],
    )
    notifier = Notifier(listener.notify)
    app = Starlette(
        routes=[
            *probe_routes(probes),
            *readings_routes(store, metrics, notifier),
            *dead_letters_routes(store, metrics, notifier),
            *log_routes(store),
            *sinks_routes(store, metrics),
            *lease_routes(store, listener.port),
            *alerts_routes(store),
            *commands_routes(store),
            *storage_routes(store),
        ]
    )
    problems.install(app)
    return HeadRequests(app)
