"""`/health`, `/ready` and `/metrics`, the same for every program."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, FastAPI, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from edge_wire.messages import format_timestamp


def _nothing() -> tuple[str, ...]:
    return ()


def _no_facts() -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class Probes:
    """The sources of the probes' answers.

    Attributes:
        registry: the metrics to show.
        sick: reasons why the process should be restarted; empty while it is healthy.
        waiting_for: what is missing before it can work; empty when it is ready.
        facts: other fields of `/health`, such as `cloud_connected`.
    """

    registry: CollectorRegistry
    sick: Callable[[], Sequence[str]] = _nothing
    waiting_for: Callable[[], Sequence[str]] = _nothing
    facts: Callable[[], Mapping[str, Any]] = _no_facts

    def router(self) -> APIRouter:
        """Return the routes, to include in an application; they need no authorisation."""
        router = APIRouter(include_in_schema=True, tags=["probes"])
        router.add_api_route("/health", self.health, methods=["GET"], summary="Liveness of the process")
        router.add_api_route("/ready", self.ready, methods=["GET"], summary="Readiness of the process")
        router.add_api_route("/metrics", self.metrics, methods=["GET"], summary="Metrics for Prometheus")
        return router

    async def health(self) -> JSONResponse:
        """Answer whether the process is healthy."""
        reasons = list(self.sick())
        status = {"status": "unhealthy", "reasons": reasons} if reasons else {"status": "healthy"}
        now = format_timestamp(dt.datetime.now(dt.UTC))
        return JSONResponse(
            {**status, "timestamp": now, **self.facts()}, HTTPStatus.SERVICE_UNAVAILABLE if reasons else 200
        )

    async def ready(self) -> JSONResponse:
        """Answer whether the process is ready, and if not, what it waits for."""
        reasons = list(self.waiting_for())
        if reasons:
            return JSONResponse({"status": "not ready", "waiting_for": reasons}, HTTPStatus.SERVICE_UNAVAILABLE)
        return JSONResponse({"status": "ready"})

    async def metrics(self) -> Response:
        """Answer the metrics in the text format of Prometheus."""
        return Response(generate_latest(self.registry), media_type=CONTENT_TYPE_LATEST)


def probe_app(program: str, probes: Probes) -> FastAPI:
    """Return the application of a program that serves its probes and nothing else."""
    app = FastAPI(title=program, docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(probes.router())
    return app
