"""Requests about dead letters, a part of the store's client."""

from collections.abc import Mapping
from typing import Any

from edge_service.store.transport import Transport
from edge_wire.store import Page


class DeadLetterRequests:
    """Requests about dead letters. They are sent once: a repeated one would not find what the first one deleted."""

    _http: Transport

    async def dead_letters(
        self, limit: int = 100, before: int | None = None, device_id: str | None = None, reason: str | None = None
    ) -> Page[Mapping[str, Any]]:
        """Return dead letters, newest first.

        Args:
            limit: maximum number of dead letters.
            before: `next` of the previous page: only items with a smaller id.
            device_id: only those of this device.
            reason: only those with this reason.
        """
        query = {"limit": limit, "before": before, "device_id": device_id, "reason": reason}
        answer = await self._http.request_idempotent("GET", "/v1/dead-letters", query=query)
        return Page(tuple(answer["dead_letters"]), answer.get("next"))

    async def dead_letter(self, number: int) -> Mapping[str, Any]:
        """Return a dead letter; StoreRefusedError with status 404 if there is none."""
        answer: Mapping[str, Any] = await self._http.request_idempotent("GET", f"/v1/dead-letters/{number}")
        return answer

    async def delete_dead_letter(self, number: int) -> None:
        """Delete a dead letter; StoreRefusedError with status 404 if there is none."""
        await self._http.request("DELETE", f"/v1/dead-letters/{number}")

    async def delete_dead_letters(
        self, device_id: str | None = None, reason: str | None = None, received_before: str | None = None
    ) -> int:
        """Delete all dead letters that match; return how many. At least one argument must be given."""
        query = {"device_id": device_id, "reason": reason, "received_before": received_before}
        answer = await self._http.request("DELETE", "/v1/dead-letters", query=query)
        return int(answer["deleted"])

    async def resend_dead_letter(self, number: int, payload: bytes, *, location: str) -> Mapping[str, Any]:
        """Store the readings of a dead letter and delete it; return what was stored.

        Args:
            number: id of the dead letter.
            payload: replaces that of the dead letter; empty sends it again unchanged.
            location: of the site, for readings that name none.

        Raises:
            StoreRefusedError: with status 422, the payload is not a reading either: `problem` has the reasons.
        """
        path = f"/v1/dead-letters/{number}/resend"
        answer: Mapping[str, Any] = await self._http.request("POST", path, payload or None, {"location": location})
        return answer
