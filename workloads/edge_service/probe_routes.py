"""The probes as routes of a FastAPI application."""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Response

from edge_service.probes import ProbeAnswer, Probes


def probe_router(probes: Probes) -> APIRouter:
    """Return the routes, to include in an application; they need no authorisation."""
    router = APIRouter(include_in_schema=True, tags=["probes"])
    for name, answer, summary in (
        ("health", probes.health, "Liveness of the process"),
        ("ready", probes.ready, "Readiness of the process"),
        ("metrics", probes.metrics, "Metrics for Prometheus"),
    ):
        router.add_api_route(f"/{name}", _route(answer), methods=["GET"], name=name, summary=summary)
    return router


def _route(answer: Callable[[], ProbeAnswer]) -> Callable[[], Awaitable[Response]]:
    async def route() -> Response:
        found = answer()
        return Response(found.content, found.status, media_type=found.media_type)

    return route
