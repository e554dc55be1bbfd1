"""The ingester's lease."""

from dataclasses import replace
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from edge_storage.request_body import read_body
from edge_storage.routes.answers import done, json
from edge_storage.store import Store
from edge_wire.messages.document import load_object

MAX_TTL_SECONDS = 300.0


class Acquire(BaseModel):
    """Body that acquires or renews the lease."""

    holder: Annotated[str, Field(min_length=1, max_length=253)]
    ttl_seconds: Annotated[float, Field(gt=0, le=MAX_TTL_SECONDS)]


class Release(BaseModel):
    """Body that releases the lease."""

    holder: str
    token: int


def lease_router(store: Store, ingest_port: int) -> APIRouter:
    """Return the routes.

    Args:
        store: grants the lease.
        ingest_port: port of the listener for frames, for the ingester.
    """
    router = APIRouter(prefix="/v1/lease")

    @router.post("")
    async def acquire(request: Request) -> Response:
        asked = Acquire.model_validate(load_object(await read_body(request)))
        lease = await store.write(
            partial(store.leases.acquire, holder=asked.holder, ttl_seconds=asked.ttl_seconds),
        )
        return json(replace(lease, ingest_port=ingest_port))

    @router.delete("")
    async def release(request: Request) -> Response:
        asked = Release.model_validate(load_object(await read_body(request)))
        await store.write(partial(store.leases.release, holder=asked.holder, token=asked.token))
        return done()

    return router
