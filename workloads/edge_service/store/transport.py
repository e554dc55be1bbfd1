"""HTTP requests to the store, and the errors in its answers."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import orjson

from edge_pacing.backoff import Backoff
from edge_service.http_client import HttpClient
from edge_service.http_connection import HttpAnswer, HttpClientError
from edge_service.store.errors import StoreRefusedError
from edge_wire.store import FencedError, LeaseHeldError, StoreUnavailableError


class Transport:
    """Sends JSON requests to the store and parses its answers; an asynchronous context manager."""

    def __init__(self, url: str, timeout_seconds: float, attempts: int) -> None:
        self._url = url.rstrip("/")
        self._client = HttpClient(url, timeout_seconds)
        self._attempts = attempts

    async def __aenter__(self) -> Self:
        """Return it; a connection is opened with the first request."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self._client.close()

    async def request_idempotent(
        self, method: str, path: str, body: Any = None, query: Mapping[str, Any] | None = None
    ) -> Any:
        """Send an idempotent request; retry with a back-off while the store cannot be reached.

        Raises:
            StoreUnavailableError: all attempts failed.
            StoreError: the store refuses the request.
        """
        backoff = Backoff(first=0.1, longest=1.0)
        for _ in range(self._attempts - 1):
            try:
                return await self.request(method, path, body, query)
            except StoreUnavailableError:
                await asyncio.sleep(backoff.next())
        return await self.request(method, path, body, query)

    async def request(self, method: str, path: str, body: Any = None, query: Mapping[str, Any] | None = None) -> Any:
        """Send a request once and return the JSON of its answer; None if it has no body.

        Raises:
            StoreUnavailableError: the store cannot be reached, or cannot answer now.
            StoreError: the store refuses the request.
        """
        answer = await self._exchange(method, path, body, query)
        return self._answer(answer.status, answer.content, f"{method} {path}")

    async def get_lines(self, path: str, query: Mapping[str, Any]) -> tuple[Mapping[str, str], list[bytes]]:
        """Send a GET once and return the headers and the lines of its answer.

        Raises:
            StoreUnavailableError: the store cannot be reached, or cannot answer now.
            StoreError: the store refuses the request.
        """
        lines: list[bytes] = []
        rest = b""
        try:
            async with self._client.stream(_target(path, query), {}) as (answer, parts):
                if answer.status != HTTPStatus.OK:
                    self._answer(answer.status, b"".join([part async for part in parts]), f"GET {path}")
                # Part by part: the allocator returns the memory of a whole page each time, and gets it again.
                async for part in parts:
                    first, *others = part.split(b"\n")
                    rest += first
                    if others:
                        lines.append(rest)
                        rest = others.pop()
                        lines += others
        except (HttpClientError, TimeoutError, OSError) as error:
            raise self._unreachable(error) from error
        return answer.headers, lines

    async def stream(self, path: str, query: Mapping[str, Any], media_type: str) -> AsyncGenerator[bytes, None]:
        """Send a GET request once and yield the parts of its answer; each part must arrive within the timeout.

        Raises:
            StoreUnavailableError: the store cannot be reached, cannot answer now, or the answer is incomplete.
            StoreError: the store refuses the request.
        """
        try:
            async with self._client.stream(_target(path, query), {"Accept": media_type}) as (answer, parts):
                if answer.status >= HTTPStatus.BAD_REQUEST:
                    self._answer(answer.status, b"".join([part async for part in parts]), f"GET {path}")
                async for part in parts:
                    yield part
        except (HttpClientError, TimeoutError, OSError) as error:
            raise self._unreachable(error) from error

    async def _exchange(self, method: str, path: str, body: Any, query: Mapping[str, Any] | None) -> HttpAnswer:
        is_encoded = body is None or isinstance(body, bytes)
        content = body if is_encoded else orjson.dumps(body, option=orjson.OPT_UTC_Z)
        headers = {"Content-Type": "application/json"} if content is not None else {}
        try:
            return await self._client.request(method, _target(path, query), content, headers)
        except (HttpClientError, TimeoutError, OSError) as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: Exception) -> StoreUnavailableError:
        return StoreUnavailableError(
            f"the store at {self._url} cannot be reached: {str(error) or type(error).__name__}"
        )

    def _answer(self, status: int, content: bytes, request: str) -> Any:
        try:
            answer = orjson.loads(content) if content else None
        except orjson.JSONDecodeError as error:
            raise StoreUnavailableError(
                f"{self._url} answers {status} to {request} with something that is not JSON: check STORAGE_URL"
            ) from error
        if status < 400:  # noqa: PLR2004 - what HTTP calls an error
            return answer
        problem = answer if isinstance(answer, dict) else {}
        if status == HTTPStatus.CONFLICT and problem.get("reason") == FencedError.reason:
            raise FencedError(str(problem.get("detail") or "a newer holder has the lease"))
        if status == HTTPStatus.CONFLICT and "holder" in problem:
            raise LeaseHeldError(str(problem["holder"]), float(problem.get("expires_in_seconds", 0)))
        message = f"the store answers {status} to {request}: {problem.get('detail') or problem.get('title') or answer}"
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
            raise StoreUnavailableError(message)
        raise StoreRefusedError(status, message, problem)


def _target(path: str, query: Mapping[str, Any] | None) -> str:
    given = {name: value for name, value in (query or {}).items() if value is not None}
    return f"{path}?{urlencode(given)}" if given else path
