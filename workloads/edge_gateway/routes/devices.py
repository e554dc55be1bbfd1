"""`/devices`, `/devices/{id}`, `/devices/{id}/status`."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from edge_gateway.activity_digest import ActivityDigest
from edge_gateway.auth.route_auth import RouteAuth, caller_of
from edge_gateway.body import malformed
from edge_gateway.devices.table import DeviceTable
from edge_gateway.gateway_mqtt import GatewayMqtt
from edge_gateway.routes.documents import STATUS_BODY
from edge_gateway.routes.finder import DeviceFinder
from edge_gateway.routes.inputs import Cursor, DeviceId, Limit, answer, next_page, position, read_body
from edge_wire.messages import DeviceStatus, MalformedError, format_timestamp

_LIST = "devices"


@dataclass(frozen=True, slots=True)
class DeviceRoutes:
    """The routes of devices.

    Attributes:
        table: of the devices.
        link: publishes the status of a device.
        activity_digest: records the devices with a status that cannot be read: they are alive.
        now: the time (aware).
    """

    table: DeviceTable
    link: GatewayMqtt
    activity_digest: ActivityDigest
    now: Callable[[], dt.datetime]

    def router(self, auth: RouteAuth) -> APIRouter:
        """Return the routes with their access rules."""
        router = APIRouter(tags=["devices"])
        one = "/devices/{device_id}"
        router.add_api_route("/devices", self.devices, dependencies=auth.programs, summary="All devices")
        router.add_api_route(one, self.device, dependencies=auth.programs, summary="One device")
        router.add_api_route(f"{one}/status", self.status, dependencies=auth.programs, summary="Status of a device")
        router.add_api_route(
            f"{one}/status",
            self.say_status,
            methods=["POST"],
            dependencies=auth.devices,
            summary="Report the status of a device",
            openapi_extra=STATUS_BODY,
        )
        return router

    async def devices(
        self,
        limit: Limit = 100,
        cursor: Cursor = None,
        status: Annotated[str | None, Query(description="Only those online, offline or unknown.")] = None,
        type: Annotated[str | None, Query(description="Only those of this type.")] = None,  # noqa: A002
    ) -> Response:
        """List at most `limit` devices in the order of their ids; `count` is how many there are on all pages."""
        after = position(_LIST, cursor) or ""
        DeviceFinder(self.table).check_complete()
        page = self.table.page(after, limit, status=status, type_=type)
        return answer(
            {
                "devices": [device.to_object() for device in page.devices],
                "count": self.table.count(status=status, type_=type),
                "next": next_page(_LIST, page.last),
            }
        )

    async def device(self, device_id: DeviceId) -> Response:
        """Show what a device is, whether it is alive, and why that is believed (`reason`)."""
        return answer(DeviceFinder(self.table).find(device_id).to_object())

    async def status(self, device_id: DeviceId) -> Response:
        """Show whether a device is online, and when it was last seen."""
        return answer(DeviceFinder(self.table).find(device_id).to_status())

    async def say_status(self, request: Request, device_id: DeviceId) -> Response:
        """Publish the body as the device's retained status; any word but online and offline is a heartbeat."""
        body = await read_body(request)
        try:
            status = DeviceStatus.parse(body, device_id)
        except MalformedError as error:
            if caller_of(request).is_device:
                self.activity_digest.note(device_id)
            raise malformed(error) from error
        status = status if status.last_seen else replace(status, last_seen=self.now())
        await self.link.status(status)
        # The broker sends it to this replica as well, but the sender may ask for it sooner.
        self.table.set_status(device_id, status)
        seen = format_timestamp(status.last_seen) if status.last_seen else None
        return answer(
            {
                "message": "status published",
                "device_id": device_id,
                "status": status.word or status.status,
                "last_seen": seen,
            }
        )
