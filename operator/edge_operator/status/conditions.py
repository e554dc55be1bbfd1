"""Conditions of a site: named checks in order, the first result wins."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from edge_wire.messages import format_timestamp

from . import reasons
from .condition_value import ConditionValue, first_problem, first_result, stalled, truncated
from .facts import BrokerFacts, ComponentFacts, SiteFacts
from .sinks import FROM_SINKS, cloud_connected, kafka_connected
from .storage_conditions import FROM_STORE, readings_dropped, storage_data_lost, storage_full

CONDITION_TYPES = (
    "Ready",
    "Available",
    "BrokerConnected",
    *FROM_SINKS,
    "BrokerDropping",
    "BrokerDataLost",
    *FROM_STORE,
    "Reconciling",
    "Stalled",
)
"""Types of the conditions. Those from BrokerDropping on are present only while true.

Reconciling and Stalled are those of kstatus.
"""

FROM_TOPICS = ("BrokerDropping", "BrokerDataLost")
"""Conditions of which the facts come from the broker's topics. They stay while there is no connection."""

Check = Callable[[SiteFacts], ConditionValue | None]


def _problem(facts: SiteFacts) -> ConditionValue | None:
    return first_problem(facts.problems)


def _paused(facts: SiteFacts) -> ConditionValue | None:
    if not (facts.paused and facts.pending_changes):
        return None
    waiting = truncated(facts.pending_changes)
    return ConditionValue("False", reasons.PAUSED, f"changes are applied when spec.paused is false: {waiting}")


def _replacing(facts: SiteFacts) -> ConditionValue | None:
    if not facts.terminating:
        return None
    return ConditionValue("False", reasons.WAITING_FOR_DELETION, "still being deleted: " + truncated(facts.terminating))


def _pods_refused(facts: SiteFacts) -> ConditionValue | None:
    for component in facts.components:
        if component.failure:
            return ConditionValue(
                "False", reasons.PODS_REFUSED, f"the pods of {component.name} are refused: {component.failure}"
            )
    return None


def _rolling(facts: SiteFacts) -> ConditionValue | None:
    if not facts.components:
        return ConditionValue("False", reasons.COMPONENTS_NOT_READY, "the components were not observed yet")
    missing = [_counted(component) for component in facts.components if not component.rolled_out]
    if not missing:
        return None
    return ConditionValue("False", reasons.COMPONENTS_NOT_READY, "not rolled out yet: " + ", ".join(missing))


def _counted(component: ComponentFacts) -> str:
    return f"{component.name} ({component.ready}/{component.desired} ready)"


def _ready(facts: SiteFacts) -> ConditionValue:
    if facts.paused:
        return ConditionValue(
            "True",
            reasons.PAUSED,
            "all components are rolled out; the operator changes nothing while the site is paused",
        )
    return ConditionValue("True", reasons.RECONCILED, "all components are rolled out")


READY: tuple[Check, ...] = (_problem, _paused, _replacing, _pods_refused, _rolling, _ready)


def _components_not_observed(facts: SiteFacts) -> ConditionValue | None:
    if facts.components:
        return None
    return ConditionValue("Unknown", reasons.NOT_OBSERVED, "the components were not observed: see the condition Ready")


def _components_unavailable(facts: SiteFacts) -> ConditionValue | None:
    silent = [component.name for component in facts.components if component.ready < 1]
    if not silent:
        return None
    return ConditionValue("False", reasons.COMPONENTS_UNAVAILABLE, "no pod is ready of: " + ", ".join(silent))


def _available(_facts: SiteFacts) -> ConditionValue:
    return ConditionValue("True", reasons.COMPONENTS_AVAILABLE, "every component has a pod that is ready")


AVAILABLE: tuple[Check, ...] = (_components_not_observed, _components_unavailable, _available)


def _broker_unusable(broker: BrokerFacts) -> ConditionValue | None:
    return ConditionValue("False", reasons.BROKER_LOGIN_UNUSABLE, broker.message) if broker.unusable else None


def _broker_refuses(broker: BrokerFacts) -> ConditionValue | None:
    return ConditionValue("False", reasons.BROKER_REFUSED, broker.message) if broker.refused else None


def _broker_untrusted(broker: BrokerFacts) -> ConditionValue | None:
    return ConditionValue("False", reasons.BROKER_UNTRUSTED, broker.message) if broker.untrusted else None


def _broker_unreachable(broker: BrokerFacts) -> ConditionValue | None:
    return None if broker.connected else ConditionValue("False", reasons.BROKER_UNREACHABLE, broker.message)


def _broker_connected(broker: BrokerFacts) -> ConditionValue:
    return ConditionValue("True", reasons.CONNECTED, broker.message)


BROKER: tuple[Callable[[BrokerFacts], ConditionValue | None], ...] = (
    _broker_unusable,
    _broker_refuses,
    _broker_untrusted,
    _broker_unreachable,
    _broker_connected,
)


def _broker(facts: SiteFacts) -> ConditionValue:
    if facts.broker is None:
        return ConditionValue("Unknown", reasons.NOT_OBSERVED, "the operator has not connected to the broker yet")
    return first_result(BROKER, facts.broker)


def _broker_dropping(facts: SiteFacts) -> ConditionValue | None:
    if facts.broker is None or not facts.topics.dropping_seconds:
        return None
    dropped = facts.topics.dropped
    what = "the broker dropped messages within the last minutes" if dropped is None else dropped.text()
    message = (
        f"{what}: a client's queue was full, because it reads too slowly or not at all; find the client in the"
        " broker's log, or give the broker more memory (spec.broker.managed.resources)"
    )
    return ConditionValue("True", reasons.QUEUE_FULL, message)


def _broker_data_lost(facts: SiteFacts) -> ConditionValue | None:
    lost = facts.topics.data_lost
    if facts.broker is None or lost is None:
        return None
    saved = f", last saved at {format_timestamp(lost.since)}," if lost.since else ""
    kept = f" (the broker's volume has it as {lost.kept})" if lost.kept else ""
    message = (
        f"the broker's database{saved} was found damaged at {format_timestamp(lost.found)}: {lost.reason}{kept};"
        " messages that were queued or retained may be lost: repeat commands without an acknowledgement, and check the"
        " storage under the broker's volume"
    )
    return ConditionValue("True", reasons.DATABASE_DAMAGED, message)


def _reconciling(facts: SiteFacts, ready: ConditionValue) -> ConditionValue | None:
    if ready.status == "True" or facts.paused or stalled(facts.problems) is not None:
        return None
    return ConditionValue("True", ready.reason, ready.message)


def _with_notices(value: ConditionValue, facts: SiteFacts) -> ConditionValue:
    return replace(value, message="; ".join((value.message, *(notice.message for notice in facts.notices))))


def evaluate(facts: SiteFacts) -> dict[str, ConditionValue]:
    """Return the value of each condition of a site; some only while they are true."""
    ready = _with_notices(first_result(READY, facts), facts)
    values = {
        "Ready": ready,
        "Available": first_result(AVAILABLE, facts),
        "BrokerConnected": _broker(facts),
        "CloudConnected": cloud_connected(facts),
        "KafkaConnected": kafka_connected(facts),
        "BrokerDropping": _broker_dropping(facts),
        "BrokerDataLost": _broker_data_lost(facts),
        "StorageFull": storage_full(facts),
        "ReadingsDropped": readings_dropped(facts),
        "StorageDataLost": storage_data_lost(facts),
        "Reconciling": _reconciling(facts, ready),
        "Stalled": stalled(facts.problems),
    }
    return {condition_type: value for condition_type, value in values.items() if value is not None}


def phase(facts: SiteFacts, values: Mapping[str, ConditionValue], before: Mapping[str, Any]) -> str:
    """Return the phase of a site.

    A site that was never ready is Progressing; one that was, and has a component without a ready pod, is Degraded.
    """
    if facts.paused:
        return "Paused"
    if not facts.components:
        return "Pending"
    if values["Ready"].status == "True":
        return "Ready"
    was_up = before.get("phase") in ("Ready", "Degraded")
    fell = was_up and values["Available"].status != "True"
    is_refused = values["Ready"].reason == reasons.PODS_REFUSED
    return "Degraded" if fell or is_refused or "Stalled" in values else "Progressing"
