"""The status of a site, from the observed facts and the present status."""

from collections.abc import Mapping
from typing import Any

from edge_operator.api.conditions import find_condition

from . import reasons
from .certificates import FROM_CERTIFICATES
from .condition_value import ConditionValue, comparable, merge_conditions
from .conditions import CONDITION_TYPES, FROM_TOPICS, NO_BROKER_POD, evaluate
from .facts import SiteFacts
from .readiness import phase
from .sinks import FROM_SINKS, sink_entry, sink_reports, sinks_changed_enough, with_held_sinks
from .storage_conditions import FROM_STORE, storage_changed_enough, storage_status, with_held_storage


def site_status(facts: SiteFacts, before: Mapping[str, Any], now: str) -> dict[str, Any]:
    """Return the part of a site's status that the reconciler owns.

    Args:
        facts: the observed facts.
        before: the present status; `{}` if there is none.
        now: current time, RFC 3339 in UTC.
    """
    values = evaluate(facts)
    values["BrokerConnected"] = _steady(values["BrokerConnected"], before)
    for condition_type in _unobserved(facts):
        if kept := _previous(condition_type, before):
            values[condition_type] = kept
    values.update(_kept_sinks(facts, values, before))
    status: dict[str, Any] = {
        "observedGeneration": facts.generation,
        "phase": phase(facts, values, before),
        "conditions": merge_conditions(before.get("conditions") or (), values, facts.generation, now),
        "components": [
            {"name": part.name, "ready": part.ready, "desired": part.desired, "image": part.image}
            for part in facts.components
        ],
    }
    if sinks := sink_reports(facts, before):
        status["sinks"] = [sink_entry(each) for each in sinks]
    if facts.endpoints:
        status["endpoints"] = dict(facts.endpoints)
    devices = before.get("devices") if facts.devices is None else facts.devices.to_status()
    if devices is not None:
        status["devices"] = dict(devices)
    storage = before.get("storage") if facts.topics.storage is None else storage_status(facts.topics.storage)
    if storage is not None:
        status["storage"] = dict(storage)
    return status


def _unobserved(facts: SiteFacts) -> tuple[str, ...]:
    """Return the conditions that stay as they are, because the facts for them were not reported yet."""
    store = FROM_STORE if facts.topics.storage is None else ()
    certificates = FROM_CERTIFICATES if facts.certificates is None else ()
    if facts.broker is None:
        return FROM_TOPICS + store + certificates
    return (("BrokerDataLost",) if facts.topics.keeps_data_lost else ()) + store + certificates


def _kept_sinks(
    facts: SiteFacts, values: Mapping[str, ConditionValue], before: Mapping[str, Any]
) -> dict[str, ConditionValue]:
    """Return the conditions of sinks that stay, because the processor has not reported to this process yet."""
    kept = {}
    reported = {each.name for each in facts.topics.sinks or ()}
    for condition_type in (each for each, sink in FROM_SINKS.items() if sink not in reported):
        was, now = _previous(condition_type, before), values.get(condition_type)
        if was is None:
            continue
        is_unknown = now is not None and now.reason == reasons.NOT_OBSERVED
        was_reported = was.status != "Unknown" and was.reason != reasons.NOT_CONFIGURED
        if facts.sinks is None or (is_unknown and was_reported):
            kept[condition_type] = was
    return kept


def _steady(broker: ConditionValue, before: Mapping[str, Any]) -> ConditionValue:
    """Return the condition BrokerConnected; the present one stays while a new leader connects.

    It also stays if only the message of a failure differs, because that may differ each time. That the broker has no
    ready pod is another failure.
    """
    was = _previous("BrokerConnected", before)
    if was is None:
        return broker
    fails_alike = broker.status == was.status == "False" and broker.reason == was.reason
    fails_alike = fails_alike and (broker.message == NO_BROKER_POD) == (was.message == NO_BROKER_POD)
    return was if broker.status == "Unknown" or fails_alike else broker


def _previous(condition_type: str, before: Mapping[str, Any]) -> ConditionValue | None:
    """Return the value of a condition in the present status, or None."""
    reported = find_condition(before, condition_type)
    return ConditionValue(reported["status"], reported["reason"], reported["message"]) if reported else None


def site_update(facts: SiteFacts, before: Mapping[str, Any], now: str) -> dict[str, Any] | None:
    """Return the status to write; None if nothing changes. Arguments as in `site_status`.

    Figures are written if they are due, or if the status is written anyway.
    """
    held = with_held_storage(with_held_sinks(facts, before), before)
    if not facts.figures_due and not site_status_differs(site_status(held, before, now), before):
        return None
    status = site_status(facts, before, now)
    return status if site_status_differs(status, before) else None


def figures_changed_enough(facts: SiteFacts, before: Mapping[str, Any]) -> bool:
    """Return whether a figure of the sinks or of the store differs enough from the status `before` to be written."""
    return sinks_changed_enough(facts, before) or storage_changed_enough(facts, before)


OWNED = ("observedGeneration", "phase", "endpoints", "devices", "storage")
"""Fields of the status that the reconciler owns, besides the lists: conditions, components and sinks."""


def site_status_differs(status: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Return whether writing `status` over `before` would change anything.

    Conditions of others, and the order of lists with keys, do not count.
    """
    return _comparable(status) != _comparable(before)


def _comparable(status: Mapping[str, Any]) -> tuple[object, ...]:
    conditions = comparable(status.get("conditions") or (), CONDITION_TYPES)
    components, sinks = ({part["name"]: part for part in status.get(each) or ()} for each in ("components", "sinks"))
    return (*(status.get(field) for field in OWNED), conditions, components, sinks)
