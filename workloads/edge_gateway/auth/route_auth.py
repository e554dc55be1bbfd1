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
    """

    def __init__(self, authenticator: Authenticator, *, devices: bool) -> None:
        self._authenticator = authenticator
        self._devices = devices
        description = "A device's id and its broker password; or the API token." if devices else "The site's API token."
        self.model = HTTPBase(scheme="basic" if devices else "bearer", description=description)
        self.scheme_name = "Device password" if devices else "API token"

    async def __call__(self, request: Request) -> None:
        """Authenticate a request; `caller_of` returns the sender."""
        request.state.caller = await self._authenticator.authenticate(request, devices=self._devices)


@dataclass(frozen=True, slots=True)
class RouteAuth:
    """The two access rules of the interface, as dependencies of routes.

    Attributes:
        programs: for people and programs.
        devices: for people, programs and devices.
    """

    programs: Sequence[params.Depends]
    devices: Sequence[params.Depends]

    @classmethod
    def of(cls, authenticator: Authenticator) -> Self:
        """Return the rules, checked by `authenticator`."""
        return cls(
            [Depends(RequireAuth(authenticator, devices=False))], [Depends(RequireAuth(authenticator, devices=True))]
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
                f"the route {getattr(route, 'path', route)} has no access rule: add dependencies=auth.programs or"
                " auth.devices where it is added"
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
