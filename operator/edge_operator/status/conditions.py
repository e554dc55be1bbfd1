"""Conditions of a site: named checks in order, the first answer wins."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from .facts import BrokerFacts, ComponentFacts, SiteFacts
from .said import Said, first, listed, stalled, worst

ASPECTS = ("Ready", "Available", "BrokerConnected", "CloudConnected", "BrokerDropping", "Reconciling", "Stalled")
"""The types of the conditions; the last three are present only while true (the last two: kstatus)."""


Check = Callable[[SiteFacts], Said | None]


def _problem(facts: SiteFacts) -> Said | None:
    return worst(facts.problems)


def _paused(facts: SiteFacts) -> Said | None:
    if not (facts.paused and facts.pending_changes):
        return None
    waiting = listed(facts.pending_changes)
    return Said("False", "Paused", f"changes wait for spec.paused to be false: {waiting}")


def _replacing(facts: SiteFacts) -> Said | None:
    if not facts.leaving:
        return None
    return Said("False", "WaitingForDeletion", "still being deleted: " + listed(facts.leaving))


def _pods_refused(facts: SiteFacts) -> Said | None:
    for component in facts.components:
        if component.failure:
            return Said("False", "PodsRefused", f"the pods of {component.name} are refused: {component.failure}")
    return None


def _rolling(facts: SiteFacts) -> Said | None:
    if not facts.components:
        return Said("False", "ComponentsNotReady", "the components were not looked at yet")
    missing = [_counted(component) for component in facts.components if not component.rolled_out]
    if not missing:
        return None
    return Said("False", "ComponentsNotReady", "not rolled out yet: " + ", ".join(missing))


def _counted(component: ComponentFacts) -> str:
    return f"{component.name} ({component.ready}/{component.desired} ready)"


def _ready(facts: SiteFacts) -> Said:
    if facts.paused:
        return Said("True", "Paused", "all components are rolled out; nothing is changed while paused")
    return Said("True", "Reconciled", "all components are rolled out")


READY: tuple[Check, ...] = (_problem, _paused, _replacing, _pods_refused, _rolling, _ready)


def _unseen(facts: SiteFacts) -> Said | None:
    if facts.components:
        return None
    return Said("Unknown", "NotObserved", "the components were not looked at: see the condition Ready")


def _silent(facts: SiteFacts) -> Said | None:
    silent = [component.name for component in facts.components if component.ready < 1]
    if not silent:
        return None
    return Said("False", "ComponentsUnavailable", "no pod is ready of: " + ", ".join(silent))


def _available(_facts: SiteFacts) -> Said:
    return Said("True", "ComponentsAvailable", "every component has a pod that is ready")


AVAILABLE: tuple[Check, ...] = (_unseen, _silent, _available)


def _broker_unusable(broker: BrokerFacts) -> Said | None:
    return Said("False", "BrokerLoginUnusable", broker.message) if broker.unusable else None


def _broker_refuses(broker: BrokerFacts) -> Said | None:
    return Said("False", "BrokerRefused", broker.message) if broker.refused else None


def _broker_untrusted(broker: BrokerFacts) -> Said | None:
    return Said("False", "BrokerUntrusted", broker.message) if broker.untrusted else None


def _broker_unreachable(broker: BrokerFacts) -> Said | None:
    return None if broker.connected else Said("False", "BrokerUnreachable", broker.message)


def _broker_connected(broker: BrokerFacts) -> Said:
    return Said("True", "Connected", broker.message)


BROKER: tuple[Callable[[BrokerFacts], Said | None], ...] = (
    _broker_unusable,
    _broker_refuses,
    _broker_untrusted,
    _broker_unreachable,
    _broker_connected,
)


def _broker(facts: SiteFacts) -> Said:
    if facts.broker is None:
        return Said("Unknown", "NotObserved", "the broker has not been asked yet")
    return first(BROKER, facts.broker)


def _cloud(facts: SiteFacts) -> Said:
    if facts.cloud:
        return Said("Unknown", "NotObserved", "the store has not reported on the cloud yet")
    return Said("False", "NotConfigured", "spec.cloud is not set: readings stay on site")


def _broker_dropping(facts: SiteFacts) -> Said | None:
    if facts.broker is None or not facts.broker.dropping_seconds:
        return None
    message = (
        "the broker dropped messages within the last minutes: the queue of a client was full that does not read, or"
        " reads too slowly; see its log, and give it more memory (spec.broker.managed.resources)"
    )
    return Said("True", "QueueFull", message)


def _reconciling(facts: SiteFacts, ready: Said) -> Said | None:
    if ready.status == "True" or facts.paused or stalled(facts.problems) is not None:
        return None
    return Said("True", ready.reason, ready.message)


def _noted(said: Said, facts: SiteFacts) -> Said:
    return replace(said, message="; ".join((said.message, *(notice.message for notice in facts.notices))))


def say(facts: SiteFacts) -> dict[str, Said]:
    """Return what is said of each aspect of a site; the last three only while they are true."""
    ready = _noted(first(READY, facts), facts)
    said = {
        "Ready": ready,
        "Available": first(AVAILABLE, facts),
        "BrokerConnected": _broker(facts),
        "CloudConnected": _cloud(facts),
        "BrokerDropping": _broker_dropping(facts),
        "Reconciling": _reconciling(facts, ready),
        "Stalled": stalled(facts.problems),
    }
    return {aspect: what for aspect, what in said.items() if what is not None}


def phase(facts: SiteFacts, said: Mapping[str, Said], before: Mapping[str, Any]) -> str:
    """Return the conditions in one word.

    A site that never was up is Progressing; one that was, and of which a component has no pod left, is Degraded.
    """
    if facts.paused:
        return "Paused"
    if not facts.components:
        return "Pending"
    if said["Ready"].status == "True":
        return "Ready"
    was_up = before.get("phase") in ("Ready", "Degraded")
    fell = was_up and said["Available"].status != "True"
    return "Degraded" if fell or "Stalled" in said or said["Ready"].reason == "PodsRefused" else "Progressing"
