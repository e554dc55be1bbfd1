"""Requests of the cloud's commands to the site's gateway."""

from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

import orjson

from edge_processor.cloud_commands.command import REFUSED, CloudCommand, CommandResult
from edge_service.http_client import HttpClient
from edge_service.http_connection import HttpAnswer, HttpClientError
from edge_wire.store import FINAL_STATES, CommandState

REQUEST_SECONDS = 15.0

_REFUSING = {
    (HTTPStatus.FORBIDDEN, "CloudCommandsDisabled"),
    (HTTPStatus.NOT_FOUND, "DeviceNotFound"),
    (HTTPStatus.CONFLICT, "CommandIdInUse"),
    (HTTPStatus.BAD_REQUEST, "UnreadableBody"),
    (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "BodyTooLarge"),
    (HTTPStatus.UNPROCESSABLE_ENTITY, "InvalidBody"),
    (HTTPStatus.UNPROCESSABLE_ENTITY, "InvalidDeviceId"),
}
"""Problems that concern the command. All others concern the gateway: they may pass."""


class GatewayUnavailableError(Exception):
    """The gateway cannot be reached, or cannot answer now: the same request may succeed later."""


class GatewayClient:
    """Sends commands to the gateway and asks for their state.

    Args:
        url: of the gateway.
        token_file: the token; read for each request, as its Secret may change.
    """

    def __init__(self, url: str, token_file: Path) -> None:
        self._client = HttpClient(url, REQUEST_SECONDS)
        self._token_file = token_file

    async def send(self, command: CloudCommand) -> CommandResult | None:
        """Let the gateway send a command, which it does once; return its result, None while it has none.

        Raises:
            GatewayUnavailableError: it is not known whether the command was sent: send it again.
        """
        answer = await self._request("POST", f"/devices/{command.device_id}/command", command.body)
        fields = _object(answer)
        if answer.status in {HTTPStatus.OK, HTTPStatus.ACCEPTED} and _state(fields) is not None:
            # The answer has the state only: a command that was sent before may have an acknowledgement.
            return await self.state(command) if _state(fields) in FINAL_STATES else None
        return _refusal(answer, fields)

    async def state(self, command: CloudCommand) -> CommandResult | None:
        """Return the result of a command, None while it has none.

        Raises:
            GatewayUnavailableError: it cannot be asked now.
            LookupError: the gateway does not have the command: send it again.
        """
        answer = await self._request("GET", f"/devices/{command.device_id}/commands/{command.command_id}")
        fields = _object(answer)
        if answer.status == HTTPStatus.OK and (state := _state(fields)) is not None:
            return CommandResult.from_answer(state, fields) if state in FINAL_STATES else None
        if answer.status == HTTPStatus.NOT_FOUND and fields.get("reason") == "CommandNotFound":
            raise LookupError(f"the gateway does not have the command {command.command_id}")
        return _refusal(answer, fields)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    async def _request(self, method: str, path: str, content: bytes | None = None) -> HttpAnswer:
        headers = {"Authorization": f"Bearer {self._token()}", "Content-Type": "application/json"}
        try:
            return await self._client.request(method, path, content, headers)
        except TimeoutError as error:
            raise GatewayUnavailableError(f"no answer in {REQUEST_SECONDS:.0f} s") from error
        except (HttpClientError, OSError) as error:
            raise GatewayUnavailableError(str(error)) from error

    def _token(self) -> str:
        try:
            token = self._token_file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise GatewayUnavailableError(f"{self._token_file} cannot be read: {error}") from error
        if not token.isprintable():
            raise GatewayUnavailableError(f"{self._token_file} must be one line")
        return token


def _object(answer: HttpAnswer) -> Mapping[str, Any]:
    # Without the limits of payloads: an answer has the command and the device's acknowledgement.
    try:
        document = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        return {}
    return document if isinstance(document, dict) else {}


def _state(fields: Mapping[str, Any]) -> CommandState | None:
    try:
        return CommandState(str(fields.get("state")))
    except ValueError:
        return None


def _refusal(answer: HttpAnswer, fields: Mapping[str, Any]) -> CommandResult:
    reason, detail = str(fields.get("reason")), str(fields.get("detail"))
    if (answer.status, reason) in _REFUSING:
        return CommandResult(REFUSED, reason=reason, message=detail)
    advice = ": check the token of the cloud's commands" if answer.status == HTTPStatus.UNAUTHORIZED else ""
    raise GatewayUnavailableError(f"it answers {answer.status} ({reason}){advice}")
