"""Conditions of a site: named checks in order, the first result wins."""

from collections.abc import Callable
from dataclasses import replace

from edge_operator.desired.components import MQTT
from edge_wire.messages import format_timestamp

from . import reasons
from .certificate_facts import CertificateReport
from .certificates import FROM_CERTIFICATES, certificate_conditions
from .condition_value import ConditionValue, first_result, stalled
from .facts import BrokerFacts, SiteFacts
from .readiness import ready_condition
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
    *FROM_CERTIFICATES,
    "Reconciling",
    "Stalled",
)
"""Types of the conditions. Those from BrokerDropping on are present only while true.

Reconciling and Stalled are those of kstatus.
"""

NO_BROKER_POD = "the broker has no ready pod: see the condition Available"
"""Message of BrokerUnreachable for a managed broker that does not run; a network error would point elsewhere."""

CONTENDED = (
    "other clients take the operator's session over again and again, because the broker ties the client id to the"
    " login: let the broker accept several client ids with one login, or give each component a login of its own"
    " (spec.broker.external.credentialsSecretRefs)"
)
"""Message of SessionContended. The same whether there is a connection at the moment: it would change all the time."""

FROM_TOPICS = ("BrokerDropping", "BrokerDataLost")
"""Conditions of which the facts come from the broker's topics. They stay while there is no connection."""

Check = Callable[[SiteFacts], ConditionValue | None]


def _components_not_observed(facts: SiteFacts) -> ConditionValue | None:
    if facts.components:
        return None
    return ConditionValue("Unknown", reasons.NOT_OBSERVED, "the components were not observed: see the condition Ready")


def _components_unavailable(facts: SiteFacts) -> ConditionValue | None:
    silent = [component.name for component in facts.components if component.ready < 1 <= component.desired]
    if not silent:
        return None
    return ConditionValue("False", reasons.COMPONENTS_UNAVAILABLE, "no pod is ready of: " + ", ".join(silent))


def _available(facts: SiteFacts) -> ConditionValue:
    message = "every component has a pod that is ready"
    if unwanted := [component.name for component in facts.components if component.desired == 0]:
        message += "; scaled to 0 by the spec: " + ", ".join(unwanted)
    return ConditionValue("True", reasons.COMPONENTS_AVAILABLE, message)


AVAILABLE: tuple[Check, ...] = (_components_not_observed, _components_unavailable, _available)


def _broker_unusable(broker: BrokerFacts) -> ConditionValue | None:
    return ConditionValue("False", reasons.BROKER_LOGIN_UNUSABLE, broker.message) if broker.unusable else None


def _session_contended(broker: BrokerFacts) -> ConditionValue | None:
    return ConditionValue("False", reasons.SESSION_CONTENDED, CONTENDED) if broker.contended else None


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
    _session_contended,
    _broker_refuses,
    _broker_untrusted,
    _broker_unreachable,
    _broker_connected,
)


def _broker(facts: SiteFacts) -> ConditionValue:
    if facts.broker is None:
        return ConditionValue("Unknown", reasons.NOT_OBSERVED, "the operator has not connected to the broker yet")
    value = first_result(BROKER, facts.broker)
    has_no_pod = any(part.name == MQTT and part.ready < 1 for part in facts.components)
    if value.reason == reasons.BROKER_UNREACHABLE and has_no_pod:
        return replace(value, message=NO_BROKER_POD)
    return value


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


def evaluate(facts: SiteFacts) -> dict[str, ConditionValue]:
    """Return the value of each condition of a site; some only while they are true."""
    ready = ready_condition(facts)
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
        **certificate_conditions(facts.certificates or CertificateReport()),
        "Reconciling": _reconciling(facts, ready),
        "Stalled": stalled(facts.problems),
    }
    return {condition_type: value for condition_type, value in values.items() if value is not None}
