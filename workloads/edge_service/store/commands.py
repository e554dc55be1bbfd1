"""Requests about commands, a part of the store's client."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from edge_service.store.transport import Transport
from edge_wire.messages import CommandAck
from edge_wire.store import StoredAcks


class CommandRequests:
    """Requests about commands to devices."""

    _http: Transport

    async def put_command(self, device_id: str, command_id: str, command: Mapping[str, Any]) -> Mapping[str, Any]:
        """Store a command; return it as stored."""
        path = f"/v1/commands/{quote(device_id, safe='')}/{quote(command_id, safe='')}"
        answer: Mapping[str, Any] = await self._http.request_idempotent("PUT", path, dict(command))
        return answer

    async def create_command(self, device_id: str, command_id: str, command: Mapping[str, Any]) -> Mapping[str, Any]:
        """Store a command unless there is one with this id; return the stored one."""
        path = f"/v1/commands/{quote(device_id, safe='')}/{quote(command_id, safe='')}"
        answer: Mapping[str, Any] = await self._http.request_idempotent("POST", path, dict(command))
        return answer

    async def acknowledge_commands(self, acks: Sequence[tuple[str, CommandAck]]) -> StoredAcks:
        """Store acknowledgements, each with the id of its device; the first one of a device to a command stands."""
        listed = [{"device_id": device_id, **ack.to_object()} for device_id, ack in acks]
        answer = await self._http.request_idempotent("POST", "/v1/acks", {"acks": listed})
        return StoredAcks(int(answer["stored"]), tuple(answer["unknown"]))

    async def command(self, device_id: str, command_id: str) -> Mapping[str, Any]:
        """Return a command; StoreRefusedError with status 404 if there is none."""
        path = f"/v1/commands/{quote(device_id, safe='')}/{quote(command_id, safe='')}"
        answer: Mapping[str, Any] = await self._http.request_idempotent("GET", path)
        return answer

    async def commands(self, device_id: str, state: str | None = None) -> tuple[Mapping[str, Any], ...]:
        """Return the commands of a device, such as those in the state `Queued`."""
        path = f"/v1/commands/{quote(device_id, safe='')}"
        answer = await self._http.request_idempotent("GET", path, query={"state": state})
        return tuple(answer["commands"])
