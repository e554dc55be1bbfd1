"""Conditions of a site: named checks in order, the first answer wins; and how they join what was there."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .facts import ComponentFacts, SiteFacts

MESSAGE_LIMIT = 4096
NAMED = 5
"""How many of a list of objects are named."""
ASPECTS = ("Ready", "Available", "BrokerConnected", "CloudConnected", "Reconciling", "Stalled")
"""The types of the conditions; the last two are present only while true (kstatus)."""


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of one aspect."""

    status: str
    reason: str
    message: str


Check = Callable[[SiteFacts], Said | None]


def _first(checks: Sequence[Check], facts: SiteFacts) -> Said:
    for check in checks:
        if (said := check(facts)) is not None:
            return said
    raise AssertionError("the last check always answers")


def _problem(facts: SiteFacts) -> Said | None:
    if not facts.problems:
        return None
    worst = facts.problems[0]
    more = f" (and {len(facts.problems) - 1} more)" if len(facts.problems) > 1 else ""
    return Said("False", worst.reason, worst.message + more)


def _paused(facts: SiteFacts) -> Said | None:
    if not (facts.paused and facts.pending_changes):
        return None
    waiting = _listed(facts.pending_changes)
    return Said("False", "Paused", f"changes wait for spec.paused to be false: {waiting}")


def _listed(names: Sequence[str]) -> str:
    more = f" (and {len(names) - NAMED} more)" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _replacing(facts: SiteFacts) -> Said | None:
    if not facts.leaving:
        return None
    return Said("False", "WaitingForDeletion", "still being deleted: " + _listed(facts.leaving))


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


def _broker(_facts: SiteFacts) -> Said:
    return Said("Unknown", "NotObserved", "the broker has not been asked yet")


def _cloud(facts: SiteFacts) -> Said:
    if facts.cloud:
        return Said("Unknown", "NotObserved", "the store has not reported on the cloud yet")
    return Said("False", "NotConfigured", "spec.cloud is not set: readings stay on site")


def _stalled(facts: SiteFacts) -> Said | None:
    for problem in facts.problems:
        if problem.lasting:
            return Said("True", problem.reason, problem.message)
    return None


def _reconciling(facts: SiteFacts, ready: Said) -> Said | None:
    if ready.status == "True" or facts.paused or _stalled(facts) is not None:
        return None
    return Said("True", ready.reason, ready.message)


def _noted(said: Said, facts: SiteFacts) -> Said:
    return replace(said, message="; ".join((said.message, *(notice.message for notice in facts.notices))))


def say(facts: SiteFacts) -> dict[str, Said]:
    """Return what is said of each aspect of a site; Reconciling and Stalled only while they are true."""
    ready = _noted(_first(READY, facts), facts)
    said = {
        "Ready": ready,
        "Available": _first(AVAILABLE, facts),
        "BrokerConnected": _broker(facts),
        "CloudConnected": _cloud(facts),
        "Reconciling": _reconciling(facts, ready),
        "Stalled": _stalled(facts),
    }
    return {aspect: what for aspect, what in said.items() if what is not None}


def join(
    before: Iterable[Mapping[str, Any]], said: Mapping[str, Said], generation: int, now: str
) -> list[dict[str, Any]]:
    """Return the conditions to write: `lastTransitionTime` moves only where the status flips.

    Args:
        before: the conditions as they stand.
        said: what is said now.
        generation: metadata.generation that it is said of.
        now: RFC 3339.
    """
    stood = {condition["type"]: condition for condition in before}
    conditions = []
    for aspect, what in said.items():
        was = stood.get(aspect)
        kept = was is not None and was.get("status") == what.status
        conditions.append(
            {
                "type": aspect,
                "status": what.status,
                "observedGeneration": generation,
                "lastTransitionTime": was["lastTransitionTime"] if was is not None and kept else now,
                "reason": what.reason,
                "message": what.message[:MESSAGE_LIMIT],
            }
        )
    return conditions


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
