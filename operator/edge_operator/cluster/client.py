"""Requests to the API server: every write passes the gate of the lease and the budget."""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import aiohttp

from edge_operator.telemetry.metrics import Metrics

from .budget import WriteBudget
from .errors import ApiError, NotLeaderError, UnreachableError

ATTEMPTS_WHEN_THROTTLED = 5
"""Maximum number of attempts of one request."""

DEFAULT_RETRY_AFTER_SECONDS = 1.0
MAX_RETRY_AFTER_SECONDS = 60.0
JSON = "application/json"

logger = logging.getLogger(__name__)


class Gate(Protocol):
    """Returns whether this process may write now."""

    def is_open(self) -> bool:
        """Return whether this process holds the lease at this moment."""
        ...


async def decode(response: aiohttp.ClientResponse) -> dict[str, Any]:
    """Return the body of `response`.

    Raises:
        ApiError: the response is an error, or not a JSON object and so not from the API server.
    """
    raw = await response.read()
    try:
        body = json.loads(raw) if raw else {}
    except (ValueError, RecursionError):
        body = None
    if response.status >= 400:  # noqa: PLR2004 - RFC 9110: 4xx and 5xx are errors
        said = body if isinstance(body, dict) else {"message": raw[:500].decode("utf-8", "replace")}
        raise ApiError.of(response.status, said, response.headers.get("Retry-After"))
    if not isinstance(body, dict):
        began = raw[:100].decode("utf-8", "replace")
        raise ApiError(
            response.status, "NotJson", f"the response is not a JSON object; is this the API server? {began}"
        )
    return body


class ApiClient:
    """Client for the API server, for reads and for gated, rate-limited writes.

    Args:
        session: session of `Connection.open_session`; its limit bounds the concurrency.
        gate: whether writes may be sent.
        budget: rate limit of the writes.
        metrics: counts requests.
        concurrency: maximum number of concurrent writes.
    """

    def __init__(
        self, session: aiohttp.ClientSession, gate: Gate, budget: WriteBudget, metrics: Metrics, concurrency: int = 20
    ) -> None:
        self.session = session
        self._gate = gate
        self._budget = budget
        self._metrics = metrics
        self._places = asyncio.Semaphore(concurrency)
        self._turn = asyncio.Lock()

    async def read(self, path: str, params: Mapping[str, str] | None = None, accept: str = JSON) -> dict[str, Any]:
        """Return the response to GET `path`.

        Raises:
            ApiError: the API server rejected the request.
            UnreachableError: the API server did not respond.
        """
        return await self._send("GET", path, params=params, headers={"Accept": accept})

    async def write(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        params: Mapping[str, str] | None = None,
        content_type: str = JSON,
        accept: str = JSON,
    ) -> dict[str, Any]:
        """Send a write within the budget and return the response.

        After a response 429 the write is sent again, as late as the API server asks for.

        Raises:
            NotLeaderError: this process does not hold the lease; nothing was sent.
            ApiError: the API server rejected the write.
            UnreachableError: the API server did not respond; the write may have been made.
        """
        headers = {"Content-Type": content_type, "Accept": accept}
        data = None if body is None else json.dumps(body).encode()
        async with self._places:
            for remaining in reversed(range(ATTEMPTS_WHEN_THROTTLED)):
                await self._await_budget()
                self._check_gate()
                try:
                    return await self._send(method, path, params=params, headers=headers, data=data)
                except ApiError as error:
                    if not error.throttled:
                        raise
                    self._metrics.throttled.inc()
                    retry_after = error.retry_after or DEFAULT_RETRY_AFTER_SECONDS
                    self._budget.slow_down(min(retry_after, MAX_RETRY_AFTER_SECONDS))
                    if not remaining:
                        raise
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _check_gate(self) -> None:
        if not self._gate.is_open():
            self._metrics.gate_closed.inc()
            raise NotLeaderError("this process does not hold the lease: nothing was written")

    async def _await_budget(self) -> None:
        async with self._turn:
            while (wait := self._budget.take()) > 0:
                self._metrics.throttled_seconds.inc(wait)
                await asyncio.sleep(wait)

    async def _send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str],
        data: bytes | None = None,
    ) -> dict[str, Any]:
        code = "none"
        with self._metrics.api_seconds.labels(method).time():
            try:
                async with self.session.request(method, path, params=params, headers=headers, data=data) as response:
                    code = str(response.status)
                    return await decode(response)
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                raise UnreachableError(f"{method} {path}: {type(error).__name__} {error}".rstrip()) from error
            finally:
                self._metrics.api_calls.labels(method, code).inc()


def abort_when_closed(gate: Callable[[], bool]) -> aiohttp.TraceConfig:
    """Return a trace that aborts a write at the last moment, when its connection is established.

    Between the check in `ApiClient.write` and the first byte a connection may have to be established, or the process
    may be stopped: the lease can be lost by then.
    """
    trace = aiohttp.TraceConfig()

    async def check(_session: aiohttp.ClientSession, context: Any, _params: Any) -> None:
        if context.writes and not gate():
            raise NotLeaderError("the lease was lost while the request waited for a connection")

    async def begin(_session: aiohttp.ClientSession, context: Any, params: aiohttp.TraceRequestStartParams) -> None:
        context.writes = params.method != "GET"

    trace.on_request_start.append(begin)
    trace.on_connection_reuseconn.append(check)
    trace.on_connection_create_end.append(check)
    return trace
