"""The store in the status of a site: its figures and its conditions."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from edge_wire.messages import StorageReport, format_timestamp, parse_timestamp

from . import reasons
from .condition_value import ConditionValue
from .device_counts import figure_changed_enough
from .facts import SiteFacts

FROM_STORE = ("StorageFull", "ReadingsDropped", "StorageDataLost")
"""Types of these conditions. They stay until there is a report, and are present only while they are true."""


def storage_full(facts: SiteFacts) -> ConditionValue | None:
    """Return the condition of a store that accepts no readings."""
    store = facts.topics.storage
    if store is None or not store.problem:
        return None
    return ConditionValue("True", reasons.STORE_NOT_WRITABLE, f"the store accepts no readings: {store.problem}")


def readings_dropped(facts: SiteFacts) -> ConditionValue | None:
    """Return the condition of a store that deleted readings before they were forwarded."""
    store = facts.topics.storage
    if store is None or store.dropped_at is None:
        return None
    message = (
        f"{store.dropped_readings} readings were deleted before they were forwarded, the last at"
        f" {format_timestamp(store.dropped_at)}: restore the connection to the sinks, or raise spec.storage.size and"
        " spec.storage.retention.maxSize"
    )
    return ConditionValue("True", reasons.DELETED_UNFORWARDED, message)


def storage_data_lost(facts: SiteFacts) -> ConditionValue | None:
    """Return the condition of a store that set its database aside."""
    store = facts.topics.storage
    if store is None or not store.set_aside:
        return None
    message = (
        f"the store's database was damaged and set aside as {store.set_aside} on its volume; the newest readings in it"
        " are missing: copy the file if you want to examine it, then delete it to clear this condition"
    )
    return ConditionValue("True", reasons.DATABASE_SET_ASIDE, message)


def storage_status(report: StorageReport) -> dict[str, Any]:
    """Return the store's figures as in the status."""
    status: dict[str, Any] = {"bytes": report.used_bytes, "dropped": report.dropped_readings}
    if report.capacity_bytes:
        status["capacity"] = report.capacity_bytes
    if report.oldest_received_at is not None:
        status["oldest"] = report.oldest_received_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return status


def storage_changed_enough(facts: SiteFacts, before: Mapping[str, Any]) -> bool:
    """Return whether a figure of the store differs enough from the status `before` to be written."""
    report, present = facts.topics.storage, before.get("storage")
    if report is None or present is None:
        return report is not None
    after = storage_status(report)
    figures = ("bytes", "dropped", "capacity")
    return ("oldest" in after) != ("oldest" in present) or any(
        figure_changed_enough(int(present.get(each, 0)), int(after.get(each, 0))) for each in figures
    )


def with_held_storage(facts: SiteFacts, before: Mapping[str, Any]) -> SiteFacts:
    """Return the facts with the store's figures in the status `before`, if there are any."""
    report, present = facts.topics.storage, before.get("storage")
    if report is None or present is None:
        return facts
    held = replace(
        report,
        used_bytes=present.get("bytes", 0),
        dropped_readings=present.get("dropped", 0),
        capacity_bytes=present.get("capacity", 0),
        oldest_received_at=parse_timestamp(present.get("oldest")),
    )
    return replace(facts, topics=replace(facts.topics, storage=held))
