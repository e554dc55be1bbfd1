"""Cache of the pods of all sites that do not run: only the reason, as healthy pods need no memory."""

import datetime as dt
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, replace
from typing import Any

from edge_operator.control.diff.observed import MANAGED_BY
from edge_operator.desired.kinds import ChildKind, Watched
from edge_operator.desired.metadata import PART_OF, SITE_LABEL
from edge_operator.status import reasons
from edge_operator.status.containers import same_words
from edge_operator.status.pods import PodProblem, component_of, pod_problem

from .child_cache import ResourceKey

POD = ChildKind("v1", "Pod", "pods", watched=Watched.FULL)
SELECTOR = f"{MANAGED_BY}={PART_OF}"

UNSCHEDULABLE_SECONDS = 5.0
NO_NODE_SECONDS = 30.0
NOT_STARTING_SECONDS = 120.0
"""Times for which a state may be part of a normal start: a volume is provisioned, an image is pulled."""

DETAIL_SECONDS = 300.0
"""Least time between two changes of the words alone: they may differ at each attempt, such as by a port number."""


@dataclass(frozen=True, slots=True)
class PodsSeen:
    """The pods of a site that do not run.

    Attributes:
        problems: why, by component and name of the pod.
        changes_after: seconds until another problem counts; None if none will.
    """

    problems: tuple[PodProblem, ...] = ()
    changes_after: float | None = None


@dataclass(frozen=True, slots=True)
class _Kept:
    """A problem, and when its words were taken."""

    problem: PodProblem
    worded_at: dt.datetime


class PodProblems:
    """Stores why pods do not run.

    Args:
        changed: called with the key of a site, and the seconds after which to reconcile it.
        wall_clock: current time: the times of problems are those of the API server.
    """

    def __init__(self, changed: Callable[[ResourceKey, float], None], wall_clock: Callable[[], dt.datetime]) -> None:
        self._changed = changed
        self._wall_clock = wall_clock
        self._by_site: dict[ResourceKey, dict[str, _Kept]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._by_site.values()))

    def of_site(self, site: ResourceKey) -> PodsSeen:
        """Return why pods of a site do not run."""
        now, due, waits = self._wall_clock(), list[PodProblem](), list[float]()
        for kept in self._by_site.get(site, {}).values():
            wait = _wait(kept.problem, now)
            if wait > 0:
                waits.append(wait)
            else:
                due.append(kept.problem)
        return PodsSeen(tuple(sorted(due, key=_order)), min(waits, default=None))

    def put(self, _kind: ChildKind, obj: dict[str, Any]) -> None:
        """Store why a pod that was added or changed does not run."""
        site, name = _site_of(obj), str(obj["metadata"]["name"])
        if site is None:
            return
        problem = pod_problem(obj)
        if problem is None:
            self._remove(site, name)
            return
        now, known = self._wall_clock(), self._by_site.get(site, {}).get(name)
        if known is not None and _same_cause(known.problem, problem):
            if not _is_news(known, problem, now):
                return
            problem = replace(problem, since=known.problem.since)
        self._by_site.setdefault(site, {})[name] = _Kept(problem, now)
        self._changed(site, max(0.0, _wait(problem, now)))

    def delete(self, _kind: ChildKind, obj: dict[str, Any]) -> None:
        """Remove a pod that was deleted."""
        if (site := _site_of(obj)) is not None:
            self._remove(site, str(obj["metadata"]["name"]))

    def prune(self, _kind: ChildKind, namespace: str | None, listed: Container[ResourceKey], _version: str) -> None:
        """Remove pods that are not in `listed`."""
        for site, pods in tuple(self._by_site.items()):
            if namespace in (None, site[0]):
                for name in [name for name in pods if (site[0], name) not in listed]:
                    self._remove(site, name)

    def _remove(self, site: ResourceKey, name: str) -> None:
        pods = self._by_site.get(site, {})
        if (known := pods.pop(name, None)) is None:
            return
        if not pods:
            del self._by_site[site]
        if _wait(known.problem, self._wall_clock()) <= 0:
            self._changed(site, 0.0)


def _site_of(pod: Mapping[str, Any]) -> ResourceKey | None:
    """Return the site of a pod that a Deployment of ours created; None for one that only has our labels."""
    metadata = pod["metadata"]
    name = (metadata.get("labels") or {}).get(SITE_LABEL)
    expected = f"{name}-{component_of(pod)}-"
    owners = metadata.get("ownerReferences") or ()
    is_ours = any(each.get("kind") == "ReplicaSet" and each["name"].startswith(expected) for each in owners)
    return (metadata["namespace"], name) if name and is_ours else None


def _wait(problem: PodProblem, now: dt.datetime) -> float:
    """Return the seconds until a problem counts; not more than its grace time, whatever the clocks show."""
    if problem.since is None:
        return 0.0
    if problem.reason == reasons.POD_NOT_STARTING:
        grace = NOT_STARTING_SECONDS
    else:
        grace = UNSCHEDULABLE_SECONDS if problem.detail else NO_NODE_SECONDS
    return min(grace, grace - (now - problem.since).total_seconds())


def _same_cause(known: PodProblem, problem: PodProblem) -> bool:
    return (known.reason, known.container, known.image) == (problem.reason, problem.container, problem.image)


def _is_news(known: _Kept, problem: PodProblem, now: dt.datetime) -> bool:
    """Return whether the words of the same problem are worth a write: they differ in more than numbers."""
    before, after = known.problem.detail, problem.detail
    if not after or same_words(before, after):
        return False
    return not before or (now - known.worded_at).total_seconds() >= DETAIL_SECONDS


def _order(problem: PodProblem) -> tuple[str, str]:
    return problem.component, problem.pod
