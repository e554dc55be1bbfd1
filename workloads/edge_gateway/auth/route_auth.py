"""Access rules of routes: FastAPI dependencies that also appear in the OpenAPI document."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from fastapi import APIRouter, Depends, Request, params
from fastapi.openapi.models import HTTPBase
from fastapi.routing import APIRoute
from fastapi.security.base import SecurityBase

from edge_gateway.auth.access import Authenticator, Caller


class RequireAuth(SecurityBase):
    """Authenticates the sender before a route runs; a dependency that the OpenAPI document shows.

    Args:
        authenticator: checks the credentials.
        devices: whether a device may use the route for itself.
        cloud: whether the cloud may use it.
    """

    def __init__(self, authenticator: Authenticator, *, devices: bool = False, cloud: bool = False) -> None:
        self._authenticator = authenticator
        self._devices = devices
        self._cloud = cloud
        self.scheme_name, description = "API token", "The site's API token."
        if devices:
            self.scheme_name = "Device password"
            description = "A device's id and its broker password; or the API token."
        elif cloud:
            self.scheme_name, description = "API or cloud token", "The site's API token; or the token of the cloud."
        self.model = HTTPBase(scheme="basic" if devices else "bearer", description=description)

    async def __call__(self, request: Request) -> None:
        """Authenticate a request; `caller_of` returns the sender."""
        request.state.caller = await self._authenticator.authenticate(request, devices=self._devices, cloud=self._cloud)


@dataclass(frozen=True, slots=True)
class RouteAuth:
    """The access rules of the interface, as dependencies of routes.

    Attributes:
        programs: for people and programs.
        devices: for people, programs and devices.
        commands: for people, programs and the cloud.
    """

    programs: Sequence[params.Depends]
    devices: Sequence[params.Depends]
    commands: Sequence[params.Depends]

    @classmethod
    def of(cls, authenticator: Authenticator) -> Self:
        """Return the rules, checked by `authenticator`."""
        return cls(
            [Depends(RequireAuth(authenticator))],
            [Depends(RequireAuth(authenticator, devices=True))],
            [Depends(RequireAuth(authenticator, cloud=True))],
        )


def check_access_rules(router: APIRouter) -> None:
    """Check that each route of a router has an access rule.

    Raises:
        TypeError: a route has none; the message says what to do.
    """
    for route in router.routes:
        rules = route.dependencies if isinstance(route, APIRoute) else ()
        if not any(isinstance(rule.dependency, RequireAuth) for rule in rules):
            raise TypeError(
                f"the route {getattr(route, 'path', route)} has no access rule: add dependencies=auth.programs,"
                " auth.devices or auth.commands where it is added"
            )


def caller_of(request: Request) -> Caller:
    """Return the sender that the route's access rule has authenticated.

    Raises:
        TypeError: the route has no access rule.
    """
    caller = getattr(request.state, "caller", None)
    if not isinstance(caller, Caller):
        raise TypeError(f"the route {request.url.path} has no access rule")
    return caller
