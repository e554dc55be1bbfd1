"""Requests about dead letters, a part of the store's client."""

from collections.abc import Mapping, Sequence
from typing import Any

from edge_service.store.transport import Transport
from edge_wire.store import DeadLetterCounts, Page, SinkDeadLetter, SinkResend


class DeadLetterRequests:
    """Requests about dead letters.

    Those that delete or resend one are sent once: a repeated one would not find what the first one deleted. Each method
    with a `token` raises FencedError if it is older than the lease's.
    """

    _http: Transport

    async def dead_letters(
        self,
        limit: int = 100,
        before: int | None = None,
        device_id: str | None = None,
        reason: str | None = None,
        sink: str | None = None,
    ) -> Page[Mapping[str, Any]]:
        """Return dead letters, newest first.

        Args:
            limit: maximum number of dead letters.
            before: `next` of the previous page: only items with a smaller id.
            device_id: only those of this device.
            reason: only those with this reason.
            sink: only those that the destination of this sink rejected.
        """
        query = {"limit": limit, "before": before, "device_id": device_id, "reason": reason, "sink": sink}
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
        self,
        device_id: str | None = None,
        reason: str | None = None,
        received_before: str | None = None,
        sink: str | None = None,
    ) -> int:
        """Delete all dead letters that match; return how many. At least one argument must be given."""
        query = {"device_id": device_id, "reason": reason, "received_before": received_before, "sink": sink}
        answer = await self._http.request("DELETE", "/v1/dead-letters", query=query)
        return int(answer["deleted"])

    async def resend_dead_letter(self, number: int, payload: bytes, *, location: str) -> Mapping[str, Any]:
        """Store the readings of a dead letter and delete it; return what was stored.

        If a sink's destination rejected it, the sink delivers it again, and the answer has `resending`.

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

    async def dead_letter_counts(self) -> DeadLetterCounts:
        """Return the number of dead letters."""
        answer = await self._http.request_idempotent("GET", "/v1/dead-letters/counts")
        return DeadLetterCounts(answer["sinks"], answer["readings"])

    async def add_sink_dead_letters(self, name: str, items: Sequence[SinkDeadLetter], token: int) -> int:
        """Keep what the destination of the sink `name` rejected; return how many are new.

        Args:
            name: of the sink.
            items: at most 1000, together less than 1 MiB; the same reading or alert is kept once.
            token: of the ingester's lease.
        """
        body = {"token": token, "items": [each.to_object() for each in items]}
        return int((await self._http.request_idempotent("POST", f"/v1/sinks/{name}/dead-letters", body))["added"])

    async def sink_resends(self, name: str, limit: int = 100) -> tuple[SinkResend, ...]:
        """Return at most `limit` dead letters that the sink `name` must deliver again, oldest first."""
        answer = await self._http.request_idempotent("GET", f"/v1/sinks/{name}/resends", query={"limit": limit})
        return tuple(SinkResend.from_object(each) for each in answer["dead_letters"])

    async def sink_resends_done(
        self, name: str, delivered: Sequence[int], refused: Sequence[tuple[int, str]], token: int
    ) -> None:
        """Delete the dead letters that the sink `name` has delivered; the refused ones stay.

        Args:
            name: of the sink.
            delivered: ids of the items that were delivered.
            refused: ids of the items that the destination rejected again, with its answer.
            token: of the ingester's lease.
        """
        items = [{"id": number, "message": message} for number, message in refused]
        body = {"token": token, "delivered": list(delivered), "refused": items}
        await self._http.request_idempotent("POST", f"/v1/sinks/{name}/resends/done", body)
