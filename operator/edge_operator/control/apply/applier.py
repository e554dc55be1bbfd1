"""Carries out what was decided about the objects of one site or device, and tells what went wrong."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from itertools import groupby
from typing import Any

from edge_operator.cluster.errors import ApiError
from edge_operator.cluster.objects import Objects
from edge_operator.control.cache.child_cache import ChildStore
from edge_operator.control.cache.resource import Resource
from edge_operator.control.diff.action import Verdict, Wanted, judge
from edge_operator.control.diff.desired_object import Intent, pinned
from edge_operator.control.diff.observed import Observed, observe, taken_paths, without_foreign
from edge_operator.control.diff.ownership import Path, readable
from edge_operator.desired.kinds import Watched
from edge_operator.telemetry.metrics import Metrics

from .field_conflicts import Contention
from .refusals import Refusals, refusal_problem
from .report import Report, contested, not_ours
from .write_errors import AfterApply, after_apply, stays

CONFLICT_AGAIN_SECONDS = 1.0

logger = logging.getLogger(__name__)


class Children:
    """Applies, strips and deletes objects.

    Args:
        objects: the API server.
        store: what is known, fed with the answers to our own writes.
        contention: which fields others keep taking.
        refusals: which writes the API server refused.
        metrics: where repairs are counted.
        look_again: seconds until that is looked at again which no watch tells of.
    """

    def __init__(
        self,
        objects: Objects,
        store: ChildStore,
        contention: Contention,
        refusals: Refusals,
        metrics: Metrics,
        look_again: float,
    ) -> None:
        self._objects = objects
        self._store = store
        self._contention = contention
        self._refusals = refusals
        self._metrics = metrics
        self._look_again = look_again

    async def carry_out(
        self, resource: Resource, wanted: Iterable[Wanted], intents: Callable[[], Iterable[Intent]]
    ) -> Report:
        """Make the objects of the resource as they should be.

        Objects of one kind are written side by side, kinds one after the other.

        Args:
            resource: the site or device.
            wanted: what every object is compared with, in the order of applying.
            intents: builds the manifests; called only if something is to be written.
        """
        report = Report()
        verdicts = [(want, judge(want, self._store.get(want.key), resource.claim)) for want in wanted]
        todo = {want.key: verdict for want, verdict in verdicts if verdict is not Verdict.KEEP}
        if not todo:
            return report
        ordered = [intent for intent in intents() if intent.key in todo]
        for _, of_kind in groupby(ordered, key=lambda intent: intent.key.kind):
            if report.namespace_ends:
                break
            await side_by_side([self._one(resource, intent, todo[intent.key], report) for intent in of_kind])
        return report

    async def remove(self, resource: Resource, unwanted: Iterable[Observed], report: Report) -> None:
        """Delete objects that the resource owns and its spec no longer asks for."""
        await side_by_side([self._delete(resource, seen, report) for seen in unwanted])

    async def _delete(self, resource: Resource, seen: Observed, report: Report) -> None:
        key = seen.key
        try:
            await self._objects.delete(key.kind, key.namespace, key.name, seen.uid)
        except ApiError as error:
            if not stays(error):
                raise
            problem = refusal_problem(f"the deletion of {key}", error)
            logger.warning("%s: %s", resource, problem.message)
            report.problems.append(problem)
            report.revisit(self._look_again)

    async def _one(self, resource: Resource, intent: Intent, verdict: Verdict, report: Report) -> None:
        seen = self._store.get(intent.key)
        if verdict is Verdict.LOOK:
            seen, verdict = await self._look(resource, intent)
        match verdict:
            case Verdict.LEAVING:
                report.leaving.append(str(intent.key))
                report.revisit(self._look_again)
            case Verdict.NOT_OURS:
                report.problems.append(not_ours(intent.key))
                report.revisit(self._look_again)
            case Verdict.APPLY | Verdict.RETAKE | Verdict.STRIP:
                await self._change(resource, intent, verdict, seen, report)

    async def _look(self, resource: Resource, intent: Intent) -> tuple[Observed | None, Verdict]:
        key = intent.key
        found = await self._objects.metadata(key.kind, key.namespace, key.name)
        if found is None:
            return None, Verdict.APPLY
        seen = observe(key.kind, found)
        return seen, judge(Wanted(key, intent.hash, intent.owned), seen, resource.claim)

    async def _change(
        self, resource: Resource, intent: Intent, verdict: Verdict, seen: Observed | None, report: Report
    ) -> None:
        """Write one object, unless a refusal or a contest stands in the way (G3)."""
        key = intent.key
        if (refused := self._refusals.standing(intent)) is not None:
            report.problems.append(refused.problem)
            report.revisit(self._refusals.wait(intent))
            return
        taken: dict[Path, str] = {}
        if verdict is not Verdict.APPLY:
            if contests := self._contention.contested(key):
                report.problems.append(contested(contests[0]))
                report.revisit(self._contention.wait(key))
                return
            taken = await self._taken(resource, intent)
        try:
            written = await self._write(intent, verdict, seen)
        except ApiError as error:
            self._take_note(resource, intent, error, report)
            return
        self._refusals.accepted(intent)
        self._store.put(key.kind, written)
        if taken:
            self._contention.retaken(key, taken)
        if is_repair(verdict, seen, resource):
            self._metrics.drift.labels(key.kind.kind).inc()

    async def _write(self, intent: Intent, verdict: Verdict, seen: Observed | None) -> dict[str, Any]:
        key = intent.key
        metadata_only = key.kind.watched is Watched.METADATA
        if verdict is Verdict.STRIP and seen is not None:
            return await self._objects.merge(
                key.kind, key.namespace, key.name, without_foreign(seen), metadata_only=metadata_only
            )
        manifest = (pinned(intent, seen.uid) if seen is not None else intent).manifest
        return await self._objects.apply(key.kind, manifest, metadata_only=metadata_only)

    def _take_note(self, resource: Resource, intent: Intent, error: ApiError, report: Report) -> None:
        """Report a write that failed, or raise where trying again at once may help."""
        match after_apply(error):
            case AfterApply.LOOK_SOON:
                report.revisit(CONFLICT_AGAIN_SECONDS)
            case AfterApply.NAMESPACE_ENDS:
                report.namespace_ends = True
            case AfterApply.BACK_OFF:
                problem = self._refusals.refused(intent, error)
                logger.warning("%s: %s", resource, problem.message)
                report.problems.append(problem)
                report.revisit(self._refusals.wait(intent))
            case AfterApply.RAISE:
                raise error

    async def _taken(self, resource: Resource, intent: Intent) -> dict[Path, str]:
        """Return the fields that others took, each with its new manager."""
        key = intent.key
        found = await self._objects.metadata(key.kind, key.namespace, key.name)
        if found is None:
            return {}
        taken = taken_paths(key.kind, found["metadata"], intent.paths)
        logger.info("%s: %s: reapplied: %s", resource, key, ", ".join(sorted(map(readable, taken))[:5]))
        return taken


def is_repair(verdict: Verdict, seen: Observed | None, resource: Resource) -> bool:
    """Return whether a write restores what others have changed or deleted, as opposed to following the spec."""
    applied_before = resource.status.get("observedGeneration") == resource.generation
    return verdict is not Verdict.APPLY or (seen is None and applied_before)


async def side_by_side(passes: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run all of `passes` at once and to the end, then raise the first error: none is still under way by then."""
    for result in await asyncio.gather(*passes, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result
