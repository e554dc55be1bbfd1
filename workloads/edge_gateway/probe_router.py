"""The probes in the gateway's application, so that its OpenAPI document describes them."""

from fastapi import APIRouter

from edge_service.probe_routes import probe_endpoints
from edge_service.probes import Probes

_SUMMARIES = {
    "/health": "Liveness of the process",
    "/ready": "Readiness of the process",
    "/metrics": "Metrics for Prometheus",
}


def probe_router(probes: Probes) -> APIRouter:
    """Return the routes, to include in an application; they need no authorisation."""
    router = APIRouter(include_in_schema=True, tags=["probes"])
    for path, endpoint in probe_endpoints(probes).items():
        router.add_api_route(path, endpoint, methods=["GET"], name=path[1:], summary=_SUMMARIES[path])
    return router
