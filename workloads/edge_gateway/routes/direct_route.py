"""Routes that are called thousands of times a second, without FastAPI's machinery for each request."""

from collections.abc import Iterable
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from edge_gateway.auth.route_auth import RequireAuth
from edge_service.problem import Explanations


class DirectRoute(APIRoute):
    """A route that can be answered directly; the OpenAPI document shows it like other routes.

    Raises:
        TypeError: it has a dependency that is not an access rule, and would not be called.
    """

    def __init__(self, path: str, endpoint: Any, **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        self._rules = [_rule(path, each.dependency) for each in self.dependencies]

    async def answer(self, request: Request) -> Response:
        """Check the access rules, then call the endpoint with the request and the parameters of its path as they are.

        Raises:
            Exception: what the rules and the endpoint raise.
        """
        for rule in self._rules:
            await rule(request)
        response: Response = await self.endpoint(request, **request.path_params)
        return response


class DirectRoutes:
    """Answers the requests of direct routes, and passes all others on, also those with a wrong method.

    Args:
        app: answers the other requests.
        routes: the direct routes.
        explanations: the problems that answer errors.
    """

    def __init__(self, app: ASGIApp, routes: Iterable[DirectRoute], explanations: Explanations) -> None:
        self._app = app
        self._routes = [(route.path_regex, frozenset(route.methods or ()), route) for route in routes]
        self._explanations = explanations

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "http":
            for pattern, methods, route in self._routes:
                if scope["method"] in methods and (found := pattern.match(scope["path"])):
                    scope["route"], scope["path_params"] = route, found.groupdict()
                    await self._answer(route, scope, receive, send)
                    return
        await self._app(scope, receive, send)

    async def _answer(self, route: DirectRoute, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await route.answer(request)
        except Exception as error:
            problem, is_expected = self._explanations.explain(request, error)
            await problem.response()(scope, receive, send)
            if not is_expected:
                # The server logs it.
                raise
        else:
            await response(scope, receive, send)


def _rule(path: str, dependency: Any) -> RequireAuth:
    if not isinstance(dependency, RequireAuth):
        raise TypeError(f"the route {path} cannot have the dependency {dependency}: use a route of another class")
    return dependency
