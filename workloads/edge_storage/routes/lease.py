"""The ingester's lease."""

from dataclasses import replace
from functools import partial
from typing import Annotated

from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from edge_service.route import route
from edge_storage.routes.answers import done, json
from edge_storage.routes.parameters import of_body
from edge_storage.store import Store

MAX_TTL_SECONDS = 300.0


class Acquire(Struct, frozen=True):
    """Body that acquires or renews the lease."""

    holder: Annotated[str, Meta(min_length=1, max_length=253)]
    ttl_seconds: Annotated[float, Meta(gt=0, le=MAX_TTL_SECONDS)]


class Release(Struct, frozen=True):
    """Body that releases the lease."""

    holder: str
    token: int


def lease_routes(store: Store, ingest_port: int) -> list[Route]:
    """Return the routes.

    Args:
        store: grants the lease.
        ingest_port: port of the listener for frames, for the ingester.
    """

    async def acquire(request: Request) -> Response:
        asked = await of_body(request, Acquire)
        lease = await store.write(
            partial(store.leases.acquire, holder=asked.holder, ttl_seconds=asked.ttl_seconds),
        )
        return json(replace(lease, ingest_port=ingest_port))

    async def release(request: Request) -> Response:
        asked = await of_body(request, Release)
        await store.write(partial(store.leases.release, holder=asked.holder, token=asked.token))
        return done()

    return [route("POST", "/v1/lease", acquire), route("DELETE", "/v1/lease", release)]
