"""Authenticates the sender of a request: a person or program with an API token, or a device with its password."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import Request
from prometheus_client import Counter

from edge_gateway.auth.actor import Actor
from edge_gateway.auth.api_tokens import DEFAULT_NAME, ApiTokens
from edge_gateway.auth.devices import DevicePasswords, TooManyTriesError
from edge_gateway.auth.header import Basic, Bearer, parse_authorization
from edge_gateway.auth.login import BrokerUnavailableError
from edge_gateway.auth.role import check_role
from edge_gateway.auth.token import ApiToken
from edge_gateway.problem import unavailable
from edge_service.problem import Problem, ProblemError, refuse

_BEARER = 'Bearer realm="edge-stack"'
_BASIC = 'Basic realm="edge-stack device", charset="UTF-8"'


@dataclass(frozen=True, slots=True)
class Caller:
    """The sender of a request.

    Attributes:
        device_id: the device that sent its password; None for others.
        actor: who sent a token, of the site or of the cloud; has no meaning for a device.
        token: name of the site's token.
    """

    device_id: str | None = None
    actor: Actor = Actor.API_TOKEN
    token: str = DEFAULT_NAME

    @property
    def is_device(self) -> bool:
        """Whether it is a device."""
        return self.device_id is not None

    @property
    def name(self) -> str:
        """Its name, for logs."""
        if self.device_id is not None:
            return f"device {self.device_id}"
        return "the cloud" if self.is_cloud else f"the holder of the token {self.token}"

    @property
    def is_cloud(self) -> bool:
        """Whether it is the cloud."""
        return self.actor is Actor.CLOUD


class Authenticator:
    """Checks the credentials of requests.

    Args:
        tokens: of people and programs.
        cloud_token: of the cloud's commands.
        passwords: of devices.
        check_broker: raises ProblemError if the broker, which checks passwords, is unreachable.
        plaintext: whether devices may send passwords without TLS.
        logins: counts by kind and result.
    """

    def __init__(
        self,
        tokens: ApiTokens,
        cloud_token: ApiToken,
        passwords: DevicePasswords,
        check_broker: Callable[[], None],
        logins: Counter,
        *,
        plaintext: bool,
    ) -> None:
        self._tokens = tokens
        self._cloud_token = cloud_token
        self._passwords = passwords
        self._check_broker = check_broker
        self._logins = logins
        self._plaintext = plaintext

    async def authenticate(self, request: Request, *, devices: bool, cloud: bool) -> Caller:
        """Return the sender of a request.

        Args:
            request: the request.
            devices: whether a device may send it about itself.
            cloud: whether the cloud may send it.

        Raises:
            ProblemError: the sender is not allowed (401, 403, 429), or cannot be authenticated now (503).
        """
        header = request.headers.get("authorization")
        if not header:
            raise _unauthorized("send the site's API token as 'Authorization: Bearer <token>'", devices=devices)
        try:
            shown = parse_authorization(header)
        except ValueError as error:
            raise _unauthorized(str(error), devices=devices) from error
        if isinstance(shown, Bearer):
            return self._program(request, shown, devices=devices, cloud=cloud)
        if not devices:
            detail = "devices may use only data, status and commands of their own: this needs the site's API token"
            raise refuse(HTTPStatus.FORBIDDEN, "DevicesNotAllowed", detail)
        return await self._device(request, shown)

    def _program(self, request: Request, shown: Bearer, *, devices: bool, cloud: bool) -> Caller:
        if (entry := self._tokens.find(shown.token)) is not None:
            self._logins.labels("token", "right").inc()
            check_role(request, entry, audited=not devices)
            return Caller(token=entry.name)
        if self._cloud_token.matches(shown.token):
            self._logins.labels("cloud", "right").inc()
            if not cloud:
                detail = "the cloud may only send commands and read their state: this needs the site's API token"
                raise refuse(HTTPStatus.FORBIDDEN, "CloudNotAllowed", detail)
            return Caller(actor=Actor.CLOUD)
        self._logins.labels("token", "wrong").inc()
        detail = (
            "the token is not the site's, or was replaced: take the key `token` of the Secret <site>-api-token or"
            " <site>-token-<name>; a new token is accepted within about 90 s"
        )
        raise _unauthorized(detail, devices=devices)

    async def _device(self, request: Request, shown: Basic) -> Caller:
        if request.scope["scheme"] != "https" and not self._plaintext:
            detail = (
                "a device must not send its password without TLS: use https (spec.gateway.tls), or set "
                "spec.gateway.allowPlaintextCredentials to true"
            )
            raise refuse(HTTPStatus.FORBIDDEN, "PlaintextCredentials", detail)
        if shown.username != request.path_params.get("device_id"):
            detail = "a device may use only /devices/<its own id>/…, and the username must be that id"
            raise refuse(HTTPStatus.FORBIDDEN, "OtherDevice", detail)
        if not await self._is_right(shown, request.client.host if request.client else ""):
            detail = "the password is not this device's: take the key `password` of its credentials Secret"
            raise _unauthorized(detail, devices=True)
        return Caller(shown.username)

    async def _is_right(self, shown: Basic, source: str) -> bool:
        try:
            self._check_broker()
            right = await self._passwords.right(shown, source)
        except TooManyTriesError as error:
            self._logins.labels("device", "limited").inc()
            headers = {"Retry-After": str(int(error.wait_seconds) + 1)}
            raise ProblemError(
                Problem(HTTPStatus.TOO_MANY_REQUESTS, "TooManyWrongPasswords", str(error), headers)
            ) from error
        except BrokerUnavailableError as error:
            self._logins.labels("device", "unchecked").inc()
            raise unavailable("BrokerUnavailable", f"cannot check device passwords now: {error}") from error
        self._logins.labels("device", "right" if right else "wrong").inc()
        return right


def _unauthorized(detail: str, *, devices: bool) -> ProblemError:
    challenge = f"{_BEARER}, {_BASIC}" if devices else _BEARER
    return ProblemError(
        Problem(HTTPStatus.UNAUTHORIZED, "Unauthorized", detail, headers={"WWW-Authenticate": challenge})
    )
