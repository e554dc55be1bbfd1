"""Conditions of a site that its store reports."""

from edge_wire.messages import format_timestamp

from . import reasons
from .condition_value import ConditionValue
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
