"""The API server for tests that say exactly what they send: any path, any content type, as the administrator."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from kubernetes import client

APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"


class RawApiError(AssertionError):
    """The API server refused."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class RawApi:
    """Requests by path.

    Args:
        api: the official client, for its connection alone.
    """

    def __init__(self, api: client.ApiClient) -> None:
        self._api = api

    def __call__(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        content_type: str = "application/json",
        as_user: str | None = None,
        **params: str,
    ) -> dict[str, Any]:
        """Send a request, in the name of `as_user` if given, and return its answer.

        Raises:
            RawApiError: the answer is an error.
        """
        url = self._api.configuration.host + path + (f"?{urlencode(params)}" if params else "")
        headers = {"Content-Type": content_type, "Accept": "application/json"}
        if as_user is not None:
            headers["Impersonate-User"] = as_user
        response = self._api.rest_client.request(method, url, headers=headers, body=body)  # type: ignore[no-untyped-call]
        raw = response.read()
        answer: dict[str, Any] = json.loads(raw) if raw else {}
        if response.status >= 400:
            raise RawApiError(response.status, str(answer.get("message")))
        return answer

    def apply(
        self, path: str, body: Mapping[str, Any], manager: str, *, force: bool = True, **params: str
    ) -> dict[str, Any]:
        """Apply `body` as `manager`."""
        force_ = {"force": "true"} if force else {}
        return self("PATCH", path, body, content_type=APPLY, fieldManager=manager, **force_, **params)

    def merge(self, path: str, body: Mapping[str, Any], manager: str = "kubectl-edit") -> dict[str, Any]:
        """Merge `body` as `manager`."""
        return self("PATCH", path, body, content_type=MERGE, fieldManager=manager)
