"""Publishes the state of the store's volume in the processor's status: the store has no session with the broker."""

import asyncio
import datetime as dt
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edge_processor.status import StatusPublisher
from edge_service.mqtt import MqttSession
from edge_service.store import StoreClient
from edge_wire.messages import StorageReport, parse_timestamp
from edge_wire.store import StoreError

CHECK_SECONDS = 10.0
"""Seconds between two requests to the store."""

FIGURES_SECONDS = 30.0
"""Minimum seconds between two reports of which only figures differ."""

MIN_CHANGE = 0.1
"""Share by which the used bytes must have changed to be reported."""

DROPPED_SECONDS = 24 * 3600.0
"""Time for which dropped readings are reported as recent, in seconds."""

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class StorageReporter:
    """Reports the store when it has changed enough.

    Attributes:
        session: publishes.
        store: answers.
        status: of the processor; the report is a part of it.
    """

    session: MqttSession
    store: StoreClient
    status: StatusPublisher

    async def run(self) -> None:
        """Report until cancelled."""
        loop, reported_at = asyncio.get_running_loop(), 0.0
        while True:
            try:
                report = report_of(await self.store.storage(), dt.datetime.now(dt.UTC))
            except StoreError as error:
                logger.debug("the state of the store's volume is unknown: %s", error)
            else:
                if is_due(self.status.storage, report, loop.time() - reported_at):
                    self.status.storage, reported_at = report, loop.time()
                    await self.session.connected.wait()
                    await self.status.publish_online(self.session)
            await asyncio.sleep(CHECK_SECONDS)


def report_of(storage: Mapping[str, Any], now: dt.datetime) -> StorageReport:
    """Return the report in an answer of the store.

    Args:
        storage: the body of `GET /v1/storage`.
        now: the time (aware).
    """
    dropped, set_aside = storage["dropped"], storage["set_aside"]
    dropped_at = parse_timestamp(dropped.get("unforwarded_at"))
    is_recent = dropped_at is not None and (now - dropped_at).total_seconds() < DROPPED_SECONDS
    return StorageReport(
        used_bytes=storage["bytes"],
        dropped_readings=dropped["unforwarded"],
        dropped_at=dropped_at if is_recent else None,
        problem=storage.get("problem") or "",
        set_aside=set_aside[-1]["file"] if set_aside else "",
        capacity_bytes=storage.get("capacity") or 0,
        oldest_received_at=parse_timestamp(storage.get("oldest_received_at")),
    )


def is_due(before: StorageReport | None, report: StorageReport, seconds: float) -> bool:
    """Return whether `report` must be published, a number of `seconds` after the report `before`.

    A new problem is reported at once, figures less often.
    """
    if before is None or _problems(before) != _problems(report):
        return True
    is_moved = abs(report.used_bytes - before.used_bytes) > MIN_CHANGE * before.used_bytes
    has_grown = report.capacity_bytes != before.capacity_bytes or report.dropped_readings != before.dropped_readings
    return seconds >= FIGURES_SECONDS and (is_moved or has_grown)


def _problems(report: StorageReport) -> tuple[bool, str, str]:
    # The message of a problem may differ each time.
    return bool(report.problem), report.set_aside, "dropped" if report.dropped_at else ""
