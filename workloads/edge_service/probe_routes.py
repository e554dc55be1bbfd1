"""The probes as routes of a Starlette application."""

from collections.abc import Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from edge_service.probes import ProbeAnswer, Probes
from edge_service.route import Endpoint, route


def probe_endpoints(probes: Probes) -> Mapping[str, Endpoint]:
    """Return what answers GET on each path of a probe."""
    return {
        "/health": _endpoint(probes.health),
        "/ready": _endpoint(probes.ready),
        "/metrics": _endpoint(probes.metrics),
    }


def probe_routes(probes: Probes) -> list[Route]:
    """Return the routes of an application; they need no authorisation."""
    return [route("GET", path, endpoint) for path, endpoint in probe_endpoints(probes).items()]


def _endpoint(answer: Callable[[], ProbeAnswer]) -> Endpoint:
    async def endpoint(_: Request) -> Response:
        found = answer()
        return Response(found.content, found.status, media_type=found.media_type)

    return endpoint
