"""The store's HTTP interface as typed methods."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from edge_service.store.dead_letters import DeadLetterRequests
from edge_service.store.sinks import SinkRequests
from edge_service.store.transport import Transport
from edge_wire.store import (
    IngestRequest,
    IngestResult,
    Lease,
    Page,
    RangePage,
    RawMessage,
)
from edge_wire.store.reading_query import ReadingQuery

REQUEST_SECONDS = 10.0
ATTEMPTS = 3
"""Of an idempotent request."""


class StoreClient(DeadLetterRequests, SinkRequests):
    """Client of the store; an asynchronous context manager. Idempotent requests are retried, others are not.

    Each method raises StoreUnavailableError if the store cannot be reached or cannot answer now, and
    StoreRefusedError if it refuses the request as wrong. `limit` is the maximum number of items of a page, `before` the
    `next` of the page before.
    """

    def __init__(self, url: str, timeout_seconds: float = REQUEST_SECONDS, attempts: int = ATTEMPTS) -> None:
        """Prepare.

        Args:
            url: of the store, such as `http://storage:8080`.
            timeout_seconds: of one request.
            attempts: of a request that may be repeated.
        """
        self._http = Transport(url, timeout_seconds, attempts)

    async def __aenter__(self) -> Self:
        """Open the HTTP session."""
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self._http.__aexit__(kind, error, trace)

    async def store(
        self, messages: Sequence[RawMessage], *, location: str, token: int | None = None, readings: bool = True
    ) -> IngestResult:
        """Store messages of devices in one transaction; on return it is committed.

        Args:
            messages: one or more.
            location: of the site, for readings that name none.
            token: of the ingester's lease; None for messages that did not come by MQTT.
            readings: whether the result contains the stored readings, which are larger than the messages.

        Raises:
            FencedError: the token is older than the lease's.
        """
        body = IngestRequest(token, location, tuple(messages), readings).to_json()
        return IngestResult.from_json(await self._http.request("POST", "/v1/readings", body))

    async def acquire_lease(self, holder: str, ttl_seconds: float) -> Lease:
        """Acquire the ingester's lease, or renew it.

        Raises:
            LeaseHeldError: another replica holds it.
        """
        answer = await self._http.request("POST", "/v1/lease", {"holder": holder, "ttl_seconds": ttl_seconds})
        return Lease(answer["token"], answer["ttl_seconds"], answer.get("ingest_port"))

    async def release_lease(self, holder: str, token: int) -> None:
        """Release the lease."""
        await self._http.request("DELETE", "/v1/lease", {"holder": holder, "token": token})

    async def put_rules(self, rules: Sequence[Mapping[str, Any]], *, token: int) -> None:
        """Replace the alert rules.

        Raises:
            FencedError: the token is older than the lease's.
        """
        await self._http.request_idempotent("PUT", "/v1/rules", {"token": token, "rules": list(rules)})

    async def alerts(
        self, device_id: str | None = None, limit: int = 100, before: int | None = None
    ) -> Page[Mapping[str, Any]]:
        """Return the history of alerts, newest first."""
        return await self._page("alerts", {"device_id": device_id, "limit": limit, "before": before})

    async def readings(
        self, device_id: str | None = None, limit: int = 100, before: int | None = None
    ) -> Page[Mapping[str, Any]]:
        """Return stored readings, newest first."""
        return await self._page("readings", {"device_id": device_id, "limit": limit, "before": before})

    async def readings_by_time(
        self, device_id: str, query: ReadingQuery, limit: int, cursor: str | None = None
    ) -> RangePage:
        """Return readings of a device in the order of time.

        Args:
            device_id: of the readings.
            query: which readings, without buckets.
            limit: maximum number of readings.
            cursor: the `next` of the page before.
        """
        return await self._range("readings", device_id, query, {"limit": limit, "cursor": cursor})

    async def buckets(
        self, device_id: str, query: ReadingQuery, limit: int | None = None, cursor: str | None = None
    ) -> RangePage:
        """Return one value of a device for each bucket, sensor type and unit.

        Args:
            device_id: of the readings.
            query: which readings, with buckets.
            limit: maximum number of buckets; None returns all.
            cursor: the `next` of the page before.
        """
        return await self._range("buckets", device_id, query, {"limit": limit, "cursor": cursor})

    def stream_readings(self, device_id: str, query: ReadingQuery) -> AsyncGenerator[bytes, None]:
        """Yield all readings of a device that `query` selects, as parts of NDJSON; not retried."""
        asked = {"device_id": device_id, **query.to_parameters()}
        return self._http.stream("/v1/readings", asked, "application/x-ndjson")

    async def arrivals(self) -> Mapping[str, Any]:
        """Return the last arrival of every device, as the store answers it."""
        answer: Mapping[str, Any] = await self._http.request_idempotent("GET", "/v1/arrivals")
        return answer

    async def put_command(self, device_id: str, command_id: str, command: Mapping[str, Any]) -> Mapping[str, Any]:
        """Store a command; return it as stored."""
        path = f"/v1/commands/{quote(device_id, safe='')}/{quote(command_id, safe='')}"
        answer: Mapping[str, Any] = await self._http.request_idempotent("PUT", path, dict(command))
        return answer

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

    async def storage(self) -> Mapping[str, Any]:
        """Return the usage of the store's disk, as the store answers it."""
        answer: Mapping[str, Any] = await self._http.request_idempotent("GET", "/v1/storage")
        return answer

    async def ready(self) -> None:
        """Check that the store is ready."""
        await self._http.request("GET", "/ready")

    async def _range(
        self, name: str, device_id: str, query: ReadingQuery, page: Mapping[str, int | str | None]
    ) -> RangePage:
        asked = {"device_id": device_id, **query.to_parameters(), **page}
        answer = await self._http.request_idempotent("GET", "/v1/readings", query=asked)
        return RangePage(tuple(answer[name]), answer["next"])

    async def _page(self, name: str, query: Mapping[str, Any]) -> Page[Mapping[str, Any]]:
        answer = await self._http.request_idempotent("GET", f"/v1/{name}", query=query)
        return Page(tuple(answer[name]), answer.get("next"))
