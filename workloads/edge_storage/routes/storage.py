"""The route about the disk: how much is stored, since when, and what was lost."""

from fastapi import APIRouter, Response

from edge_storage.routes.answers import json
from edge_storage.store import Store
from edge_storage.usage import usage


def storage_router(store: Store) -> APIRouter:
    """Return the route."""
    router = APIRouter(prefix="/v1")

    @router.get("/storage")
    async def get_storage() -> Response:
        used = await store.read(lambda connection: usage(connection, store.directory, store.files))
        return json({**used, "problem": store.problem})

    return router
