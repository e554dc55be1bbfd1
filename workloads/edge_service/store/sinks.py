"""Requests of the processor's sinks, a part of the store's client."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from edge_service.store.errors import StoreRefusedError
from edge_service.store.transport import Transport
from edge_wire.store import Cursor, DeclaredSinks, LogPage, OutboxAlert, StoreUnavailableError
from edge_wire.store.records import LOG_ID, NEWEST_OFFSET


class SinkRequests:
    """Requests about the log, alerts, and what each sink has delivered.

    Each method with a `token` raises FencedError if it is older than the lease's. `limit` is the maximum number of
    items.
    """

    _http: Transport

    async def declare_sinks(self, readings: Sequence[str], alerts: Sequence[str], token: int) -> DeclaredSinks:
        """Let exactly these sinks exist, besides that of `cloud/sensors`; return what has changed.

        A new sink receives what is stored from now on. The store does not keep anything for a sink that is not named.

        Args:
            readings: names of the sinks of readings.
            alerts: names of the sinks of alerts.
            token: of the ingester's lease.
        """
        body = {"token": token, "readings": list(readings), "alerts": list(alerts)}
        answer = await self._http.request_idempotent("PUT", "/v1/sinks", body)
        return DeclaredSinks(tuple(answer["created"]), tuple(answer["deleted"]))

    async def log(self, after: int, limit: int, max_bytes: int) -> LogPage:
        """Return stored readings in the order of their offsets.

        Args:
            after: only readings with a larger offset.
            limit: maximum number of readings; 0 returns only the newest offset.
            max_bytes: maximum size of all readings together; one is returned even if it is larger.
        """
        query = {"after": after, "limit": limit, "max_bytes": max_bytes}
        headers, lines = await self._http.get_lines("/v1/log", query)
        newest = headers.get(NEWEST_OFFSET.lower(), "")
        if not (newest.isascii() and newest.isdecimal()):
            raise StoreUnavailableError(f"the answer to GET /v1/log has no header {NEWEST_OFFSET}: check STORAGE_URL")
        return LogPage(tuple(lines), int(newest), headers.get(LOG_ID.lower(), ""))

    async def cursor(self, name: str) -> Cursor | None:
        """Return the cursor of the sink `name`; None if it has none."""
        found = await self._found(f"/v1/cursors/{name}")
        return None if found is None else Cursor.from_object(found)

    async def put_cursor(self, name: str, cursor: Cursor, *, token: int, log_id: str = "") -> Cursor:
        """Add what `cursor` has delivered to the cursor of the sink `name`; return it as stored.

        Args:
            name: of the sink.
            cursor: its offsets.
            token: of the ingester's lease.
            log_id: of the log in which the offsets are; empty if it is not known.

        Raises:
            FencedError: the token is older than the lease's, or the store has another log.
        """
        body = {"token": token, **_in_log(log_id), **cursor.to_object()}
        return Cursor.from_object(await self._http.request_idempotent("PUT", f"/v1/cursors/{name}", body))

    async def alerts_to_send(self, limit: int = 100) -> tuple[OutboxAlert, ...]:
        """Return the oldest alerts that have not been sent."""
        answer = await self._http.request_idempotent("GET", "/v1/alerts/outbox", query={"limit": limit})
        return tuple(OutboxAlert(each["id"], each["alert"]) for each in answer["alerts"])

    async def alerts_sent(self, ids: Sequence[int], *, token: int) -> None:
        """Mark alerts as sent.

        Raises:
            FencedError: the token is older than the lease's.
        """
        await self._http.request_idempotent("POST", "/v1/alerts/outbox/sent", {"token": token, "ids": list(ids)})

    async def alerts_log(self, after: int, limit: int) -> tuple[tuple[OutboxAlert, ...], int]:
        """Return alerts in the order of their ids, and the newest id.

        Args:
            after: only alerts with a larger id.
            limit: maximum number of alerts; 0 returns only the newest id.
        """
        query = {"after": after, "limit": limit}
        answer = await self._http.request_idempotent("GET", "/v1/alerts/log", query=query)
        return tuple(OutboxAlert(each["id"], each["alert"]) for each in answer["alerts"]), int(answer["newest"])

    async def alerts_firing(self) -> tuple[Mapping[str, Any], ...]:
        """Return all alerts that fire now."""
        return tuple((await self._http.request_idempotent("GET", "/v1/alerts/firing"))["alerts"])

    async def alert_cursor(self, name: str) -> int | None:
        """Return the id of the last alert that the sink `name` has delivered; None if it has no cursor of alerts."""
        found = await self._found(f"/v1/alert-cursors/{name}")
        return None if found is None else int(found["id"])

    async def put_alert_cursor(self, name: str, number: int, token: int, log_id: str = "") -> int:
        """Move the cursor of alerts of the sink `name` to the id `number`; return it as stored: it never moves back.

        Args:
            name: of the sink.
            number: id of the last alert that is delivered.
            token: of the ingester's lease.
            log_id: of the log of the store that has the alert; empty if it is not known.

        Raises:
            FencedError: the token is older than the lease's, or the store has another log.
        """
        body = {"token": token, **_in_log(log_id), "id": number}
        answer = await self._http.request_idempotent("PUT", f"/v1/alert-cursors/{name}", body)
        return int(answer["id"])

    async def _found(self, path: str) -> Mapping[str, Any] | None:
        try:
            answer: Mapping[str, Any] = await self._http.request_idempotent("GET", path)
        except StoreRefusedError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise
        return answer


def _in_log(log_id: str) -> Mapping[str, str]:
    return {"log_id": log_id} if log_id else {}
