"""`/devices/{id}/command` and `/devices/{id}/commands`: commands to devices, and their acknowledgements."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import APIRouter, Request
from starlette.responses import Response

from edge_gateway.activity_digest import ActivityDigest
from edge_gateway.auth.actor import Actor
from edge_gateway.auth.route_auth import RouteAuth, caller_of
from edge_gateway.body import too_large
from edge_gateway.commands.ack import parse_ack
from edge_gateway.commands.audit import CommandAudit
from edge_gateway.commands.cloud import CloudCommands
from edge_gateway.commands.record import CommandRecord
from edge_gateway.commands.service import Commands
from edge_gateway.devices.table import DeviceTable
from edge_gateway.routes.documents import ACK_BODY, COMMAND_BODY
from edge_gateway.routes.finder import DeviceFinder
from edge_gateway.routes.inputs import CommandId, DeviceId, Wait, answer, read_body
from edge_gateway.wait import parse_wait
from edge_service.head_requests import is_head
from edge_service.problem import ProblemError, refuse
from edge_service.request_body import BodyTooLargeError


@dataclass(frozen=True, slots=True)
class CommandRoutes:
    """The routes of commands.

    Attributes:
        table: of the devices.
        commands: sends and tracks them.
        cloud: sends those of the cloud.
        audit: logs and counts them.
        activity_digest: records the devices that sent requests.
        now: the time (aware).
    """

    table: DeviceTable
    commands: Commands
    cloud: CloudCommands
    audit: CommandAudit
    activity_digest: ActivityDigest
    now: Callable[[], dt.datetime]

    def router(self, auth: RouteAuth) -> APIRouter:
        """Return the routes with their access rules."""
        router = APIRouter(tags=["commands"])
        router.add_api_route(
            "/devices/{device_id}/command",
            self.send,
            methods=["POST"],
            status_code=HTTPStatus.ACCEPTED,
            dependencies=auth.commands,
            summary="Send a command",
            openapi_extra=COMMAND_BODY,
        )
        several = "/devices/{device_id}/commands"
        one = f"{several}/{{command_id}}"
        router.add_api_route(one, self.find, dependencies=auth.commands, summary="State of a command")
        router.add_api_route(several, self.fetch, dependencies=auth.devices, summary="For the device: pending command")
        router.add_api_route(
            f"{one}/ack",
            self.ack,
            methods=["POST"],
            dependencies=auth.devices,
            summary="For the device: result of a command",
            openapi_extra=ACK_BODY,
        )
        return router

    async def send(self, request: Request, device_id: DeviceId, wait: Wait = None) -> Response:
        """Send a command; with `wait` the answer comes when the device has answered (200), or 504."""
        seconds = parse_wait(wait)
        record = await self._send(request, device_id)
        if wait is None:
            return answer(record.to_receipt(self.now()), HTTPStatus.ACCEPTED)
        record = await self.commands.outcome(record, seconds)
        if record.status is None:
            raise _no_answer(record, self.now())
        return answer(record.to_receipt(self.now()) | {"status": record.status, "result": record.result})

    async def find(self, request: Request, device_id: DeviceId, command_id: CommandId) -> Response:
        """Show a command: Queued, Sent, NoSession, Acked, Failed or Expired. The cloud sees only its own."""
        if caller_of(request).is_cloud:
            DeviceFinder(self.table).check_cloud_commands(device_id)
            record = await self.cloud.find(device_id, command_id)
        else:
            record = await self.commands.find(device_id, command_id)
        if record is None:
            raise _not_found(device_id, command_id)
        return answer(record.to_object(self.now()))

    async def fetch(self, request: Request, device_id: DeviceId, wait: Wait = None) -> Response:
        """List the commands that the device has not answered yet; with `wait`, as soon as there is one."""
        seconds = parse_wait(wait)
        caller = self._caller_is_device(request, device_id)
        if not caller:
            DeviceFinder(self.table).find(device_id)
        found = await self.commands.pending_for(device_id, seconds, fetch=caller and not is_head(request.scope))
        return answer({"commands": [record.command.to_object() for record in found]})

    async def ack(self, request: Request, device_id: DeviceId, command_id: CommandId) -> Response:
        """Answer a command; the first answer stands."""
        acknowledgement = parse_ack(await read_body(request), command_id)
        self._caller_is_device(request, device_id)
        record = await self.commands.answer(device_id, acknowledgement)
        if record is None:
            raise _not_found(device_id, command_id)
        return answer(record.to_object(self.now()))

    async def _send(self, request: Request, device_id: str) -> CommandRecord:
        actor = Actor.CLOUD if caller_of(request).is_cloud else Actor.API_TOKEN
        finder, body = DeviceFinder(self.table), b""
        try:
            body = await read_body(request)
            if actor is Actor.CLOUD:
                finder.check_cloud_commands(device_id)
                return await self.cloud.send(device_id, body)
            finder.find(device_id)
            return await self.commands.send(device_id, body)
        except BodyTooLargeError:
            self.audit.refused(actor, device_id, body, too_large().problem.reason)
            raise
        except ProblemError as error:
            # With 503 nothing is wrong with the command: the sender repeats its request.
            if error.problem.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                self.audit.refused(actor, device_id, body, error.problem.reason)
            raise

    def _caller_is_device(self, request: Request, device_id: str) -> bool:
        if not caller_of(request).is_device:
            return False
        self.activity_digest.note(device_id)
        return True


def _no_answer(record: CommandRecord, now: dt.datetime) -> ProblemError:
    receipt = record.to_receipt(now)
    path = f"/devices/{record.device_id}/commands/{record.command.command_id}"
    detail = f"device {record.device_id} has not answered ({receipt['message']}): see {path}"
    extra = {name: receipt[name] for name in ("device_id", "command", "command_id", "expires_at", "state")}
    return refuse(HTTPStatus.GATEWAY_TIMEOUT, "NoAnswer", detail, **extra)


def _not_found(device_id: str, command_id: str) -> ProblemError:
    return refuse(HTTPStatus.NOT_FOUND, "CommandNotFound", f"device {device_id} has no command {command_id}")
