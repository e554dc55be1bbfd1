"""The condition Ready of a site, which lists every problem, and its phase."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from . import reasons
from .condition_value import ConditionValue, listed, truncated
from .facts import ComponentFacts, Problem, SiteFacts

POD_REASONS = frozenset(
    {
        reasons.IMAGE_UNAVAILABLE,
        reasons.UNSCHEDULABLE,
        reasons.CRASH_LOOPING,
        reasons.OUT_OF_MEMORY,
        reasons.POD_NOT_STARTING,
        reasons.VOLUME_NOT_BOUND,
    }
)
"""Reasons of pods that do not run."""


def _problems(facts: SiteFacts) -> Iterable[Problem]:
    return facts.problems


def _paused(facts: SiteFacts) -> Iterable[Problem]:
    if facts.paused and facts.pending_changes:
        waiting = truncated(facts.pending_changes)
        yield Problem(reasons.PAUSED, f"changes are applied when spec.paused is false: {waiting}")


def _replacing(facts: SiteFacts) -> Iterable[Problem]:
    if facts.terminating:
        yield Problem(reasons.WAITING_FOR_DELETION, "still being deleted: " + truncated(facts.terminating))


def _pods_refused(facts: SiteFacts) -> Iterable[Problem]:
    for component in facts.components:
        if component.failure:
            yield Problem(reasons.PODS_REFUSED, f"the pods of {component.name} are refused: {component.failure}")


def _pods_not_running(facts: SiteFacts) -> Iterable[Problem]:
    return facts.pods


def _rolling(facts: SiteFacts) -> Iterable[Problem]:
    missing = [_counted(component) for component in facts.components if not component.rolled_out]
    if missing:
        yield Problem(reasons.COMPONENTS_NOT_READY, "not rolled out yet: " + ", ".join(missing))


def _counted(component: ComponentFacts) -> str:
    if not component.old:
        return f"{component.name} ({component.ready}/{component.desired} ready)"
    # The Deployment counts ready pods of both templates. The old ones stay until a new one is ready.
    new = max(0, component.ready - component.old)
    return f"{component.name} (old {component.old}, new {new} of {component.desired} ready)"


NOT_READY: tuple[Callable[[SiteFacts], Iterable[Problem]], ...] = (
    _problems,
    _paused,
    _replacing,
    _pods_refused,
    _pods_not_running,
    _rolling,
)
"""What keeps a site from being ready, the most severe first."""


def ready_condition(facts: SiteFacts) -> ConditionValue:
    """Return the condition Ready: every problem and every notice has a line of its message."""
    return _with_notices(_ready(facts), facts)


def _ready(facts: SiteFacts) -> ConditionValue:
    if (value := listed([problem for check in NOT_READY for problem in check(facts)])) is not None:
        return value
    if not facts.components:
        return ConditionValue("False", reasons.COMPONENTS_NOT_READY, "the components were not observed yet")
    if facts.paused:
        return ConditionValue(
            "True",
            reasons.PAUSED,
            "all components are rolled out; the operator changes nothing while the site is paused",
        )
    return ConditionValue("True", reasons.RECONCILED, "all components are rolled out")


def _with_notices(value: ConditionValue, facts: SiteFacts) -> ConditionValue:
    return replace(value, message="\n".join((value.message, *(notice.message for notice in facts.notices))))


def phase(facts: SiteFacts, values: Mapping[str, ConditionValue], before: Mapping[str, Any]) -> str:
    """Return the phase of a site.

    A site that has never run is Progressing. One that ran, and has a component without a ready pod or with a pod that
    does not run, is Degraded.
    """
    if facts.paused:
        return "Paused"
    if not facts.components:
        return "Pending"
    ready, runs = values["Ready"], values["Available"].status == "True"
    if ready.status == "True":
        return "Ready"
    was_up = before.get("phase") in ("Ready", "Degraded")
    if "Stalled" in values or ready.reason == reasons.PODS_REFUSED or (was_up and not runs):
        return "Degraded"
    # A change of the spec makes a site Progressing, but once the store has reported, the site has run.
    ran = was_up or runs or "storage" in before
    return "Degraded" if ran and ready.reason in POD_REASONS else "Progressing"
