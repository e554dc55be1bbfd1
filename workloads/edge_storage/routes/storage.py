"""The route about the disk: how much is stored, since when, and what was lost."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from edge_service.route import route
from edge_storage.routes.answers import json
from edge_storage.store import Store
from edge_storage.usage import usage


def storage_routes(store: Store) -> list[Route]:
    """Return the route."""

    async def get_storage(_: Request) -> Response:
        used = await store.read(lambda connection: usage(connection, store.directory, store.files))
        return json({**used, "problem": store.problem})

    return [route("GET", "/v1/storage", get_storage)]
