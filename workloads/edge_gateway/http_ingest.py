"""Readings over HTTP: stores them. The ingester publishes them, as all stored readings."""

import datetime as dt
from collections.abc import Callable
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from prometheus_client import Counter

from edge_gateway.activity_digest import ActivityDigest
from edge_gateway.body import UNREADABLE
from edge_gateway.store_errors import translated
from edge_service.problem import ProblemError, refuse
from edge_service.store import StoreClient
from edge_wire.store import MessageResult, RawMessage

_NAMED = 10
"""Maximum number of rejected readings in an answer."""


class HttpIngest:
    """Stores readings.

    Args:
        store: keeps the readings.
        activity_digest: records the senders.
        readings: counts them by result.
        location: of the site.
        now: the time (aware).
    """

    def __init__(
        self,
        store: StoreClient,
        activity_digest: ActivityDigest,
        readings: Counter,
        location: str,
        now: Callable[[], dt.datetime],
    ) -> None:
        self._store = store
        self._activity_digest = activity_digest
        self._readings = readings
        self._location = location
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
            stored = await self._store.store([message], location=self._location)
        result = stored.results[0]
        self._count(result)
        if result.rejected and not result.accepted and not result.duplicates:
            raise _nothing_taken(result)
        counts = {"device_id": device_id, "accepted": result.accepted, "duplicates": result.duplicates}
        return counts | _rejected(result)

    def _count(self, result: MessageResult) -> None:
        self._readings.labels("accepted").inc(result.accepted)
        self._readings.labels("duplicate").inc(result.duplicates)
        self._readings.labels("rejected").inc(len(result.rejected))


def _rejected(result: MessageResult) -> dict[str, Any]:
    named = [asdict(each) for each in result.rejected[:_NAMED]]
    return {"rejected": named, "rejected_count": len(result.rejected)}


def _nothing_taken(result: MessageResult) -> ProblemError:
    first = result.rejected[0]
    status = HTTPStatus.BAD_REQUEST if first.reason in UNREADABLE else HTTPStatus.UNPROCESSABLE_ENTITY
    return refuse(status, "NoReading", first.message, **_rejected(result))
