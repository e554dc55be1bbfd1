"""Readings over HTTP: stores them. The ingester publishes them, as all stored readings."""

import datetime as dt
from collections.abc import Callable
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from prometheus_client import Counter

from edge_gateway.activity_digest import ActivityDigest
from edge_gateway.body import UNREADABLE
from edge_gateway.message_batches import MessageBatches, TooManyWaitingError
from edge_gateway.problem import unavailable
from edge_gateway.store_errors import translated
from edge_service.problem import ProblemError, refuse
from edge_wire.store import MessageResult, RawMessage

_NAMED = 10
"""Maximum number of rejected readings in an answer."""


class HttpIngest:
    """Stores readings.

    Args:
        batches: store the messages.
        activity_digest: records the senders.
        readings: counts them by result.
        now: the time (aware).
    """

    def __init__(
        self,
        batches: MessageBatches,
        activity_digest: ActivityDigest,
        readings: Counter,
        now: Callable[[], dt.datetime],
    ) -> None:
        self._batches = batches
        self._activity_digest = activity_digest
        self._accepted = readings.labels("accepted")
        self._duplicates = readings.labels("duplicate")
        self._rejected = readings.labels("rejected")
        self._now = now

    async def ingest(self, device_id: str, body: bytes) -> dict[str, Any]:
        """Store the body of a request; return the result, which is committed.

        Raises:
            ProblemError: the body contains no reading, or the store is unavailable.
        """
        message = RawMessage(device_id, body, self._now())
        # The device is alive even if its readings are rejected or the store is unavailable.
        self._activity_digest.note(device_id)
        with translated():
            result = await self._store(message)
        self._count(result)
        if result.rejected and not result.accepted and not result.duplicates:
            raise _nothing_taken(result)
        counts = {"device_id": device_id, "accepted": result.accepted, "duplicates": result.duplicates}
        return counts | _rejected(result)

    async def _store(self, message: RawMessage) -> MessageResult:
        try:
            return await self._batches.store(message)
        except TooManyWaitingError as error:
            raise unavailable("GatewayBusy", str(error)) from error

    def _count(self, result: MessageResult) -> None:
        self._accepted.inc(result.accepted)
        self._duplicates.inc(result.duplicates)
        self._rejected.inc(len(result.rejected))


def _rejected(result: MessageResult) -> dict[str, Any]:
    named = [asdict(each) for each in result.rejected[:_NAMED]]
    return {"rejected": named, "rejected_count": len(result.rejected)}


def _nothing_taken(result: MessageResult) -> ProblemError:
    first = result.rejected[0]
    status = HTTPStatus.BAD_REQUEST if first.reason in UNREADABLE else HTTPStatus.UNPROCESSABLE_ENTITY
    return refuse(status, "NoReading", first.message, **_rejected(result))
