"""`/devices/{id}/data`, `/alerts`: store readings, list alerts."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from edge_gateway.auth.route_auth import RouteAuth, caller_of
from edge_gateway.devices.table import DeviceTable
from edge_gateway.http_ingest import HttpIngest
from edge_gateway.routes.direct_route import DirectRoute
from edge_gateway.routes.documents import DATA_BODY
from edge_gateway.routes.finder import DeviceFinder
from edge_gateway.routes.inputs import Cursor, DeviceId, Limit, answer, check_device_id, next_page, offset, read_body
from edge_gateway.store_errors import translated
from edge_service.store import StoreClient

_ALERTS = "alerts"


@dataclass(frozen=True, slots=True)
class DataRoutes:
    """The routes of new readings and of alerts.

    Attributes:
        table: of the devices.
        store: keeps the readings.
        http_ingest: stores new readings.
    """

    table: DeviceTable
    store: StoreClient
    http_ingest: HttpIngest

    def router(self, auth: RouteAuth) -> APIRouter:
        """Return the routes with their access rules."""
        router = APIRouter(tags=["readings"])
        router.add_api_route(
            "/devices/{device_id}/data",
            self.send,
            methods=["POST"],
            dependencies=auth.devices,
            summary="Send readings",
            openapi_extra=DATA_BODY,
            route_class_override=DirectRoute,
        )
        router.add_api_route("/alerts", self.alerts, dependencies=auth.programs, summary="Alerts", tags=["alerts"])
        return router

    async def send(self, request: Request, device_id: DeviceId) -> Response:
        """Store a reading or an array of them; 200 means that they are on disk."""
        # The route does not resolve the dependency that checks it.
        check_device_id(device_id)
        if not caller_of(request).is_device:
            DeviceFinder(self.table).find(device_id)
        return answer(await self.http_ingest.ingest(device_id, await read_body(request)))

    async def alerts(
        self,
        limit: Limit = 100,
        cursor: Cursor = None,
        device_id: Annotated[str | None, Query(max_length=64, description="Only those of this device.")] = None,
    ) -> Response:
        """List at most `limit` alerts of the site, newest first."""
        before = offset(_ALERTS, cursor)
        with translated():
            page = await self.store.alerts(device_id, limit, before)
        return answer({"alerts": page.items, "next": next_page(_ALERTS, page.next)})
