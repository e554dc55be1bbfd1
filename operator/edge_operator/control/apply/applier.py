"""Applies and deletes the objects of one site or device and reports the problems."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from itertools import groupby
from typing import Any

from edge_operator.cluster.errors import ApiError
from edge_operator.cluster.objects import ObjectClient
from edge_operator.control.cache.child_cache import ChildCache
from edge_operator.control.cache.resource import Resource
from edge_operator.control.diff.action import Action, DesiredDigest, decide
from edge_operator.control.diff.desired_object import DesiredObject, with_uid
from edge_operator.control.diff.observed import Observed, lost_paths, observe, without_foreign
from edge_operator.control.diff.ownership import Path, readable
from edge_operator.desired.kinds import Watched
from edge_operator.telemetry.metrics import Metrics

from .field_conflicts import FieldConflicts
from .not_ours import not_ours
from .refusals import Refusals, refusal_problem
from .report import Report, field_contested
from .volume_refusals import volume_refusal
from .write_errors import AfterApply, after_apply, is_persistent

CONFLICT_AGAIN_SECONDS = 1.0

logger = logging.getLogger(__name__)


class Applier:
    """Applies, strips and deletes objects.

    Args:
        objects: client for single objects.
        store: cache of the children; it is updated with the responses to our own writes.
        conflicts: fields that other managers keep changing.
        refusals: writes that the API server rejected.
        metrics: counts repairs.
        recheck_seconds: seconds after which to check again what no watch reports.
    """

    def __init__(
        self,
        objects: ObjectClient,
        children: ChildCache,
        conflicts: FieldConflicts,
        refusals: Refusals,
        metrics: Metrics,
        recheck_seconds: float,
    ) -> None:
        self._objects = objects
        self._children = children
        self._conflicts = conflicts
        self._refusals = refusals
        self._metrics = metrics
        self._recheck_seconds = recheck_seconds

    async def apply_all(
        self, resource: Resource, digests: Iterable[DesiredDigest], build: Callable[[], Iterable[DesiredObject]]
    ) -> Report:
        """Apply the objects of the resource that differ from the desired state and return the result.

        Objects of one kind are written concurrently, kinds one after the other.

        Args:
            resource: the site or device.
            digests: what every object is compared with, in the order of applying.
            build: builds the objects with their manifests; called only if something has to be written.
        """
        actions = [(digest, decide(digest, self._children.get(digest.key), resource.owner_ref)) for digest in digests]
        todo = {digest.key: action for digest, action in actions if action is not Action.NONE}
        report = Report()
        if not todo:
            return report
        ordered = [desired for desired in build() if desired.key in todo]
        for _, of_kind in groupby(ordered, key=lambda desired: desired.key.kind):
            if report.namespace_terminating:
                break
            report += await run_all([self._apply_one(resource, desired, todo[desired.key]) for desired in of_kind])
        return report

    async def remove(self, resource: Resource, unwanted: Iterable[Observed]) -> Report:
        """Delete objects that the resource owns and that are not desired any more, and return the result."""
        return await run_all([self._delete(resource, seen) for seen in unwanted])

    async def _delete(self, resource: Resource, seen: Observed) -> Report:
        key = seen.key
        try:
            await self._objects.delete(key.kind, key.namespace, key.name, seen.uid)
        except ApiError as error:
            if not is_persistent(error):
                raise
            problem = refusal_problem(f"the deletion of {key}", error)
            logger.warning("%s: %s", resource, problem.message)
            return Report((problem,), requeue_after=self._recheck_seconds)
        return Report()

    async def _apply_one(self, resource: Resource, desired: DesiredObject, action: Action) -> Report:
        seen = self._children.get(desired.key)
        if action is Action.READ:
            seen, action = await self._read(resource, desired)
        match action:
            case Action.WAIT:
                return Report(terminating=(str(desired.key),), requeue_after=self._recheck_seconds)
            case Action.NOT_OURS if seen is not None:
                return Report((not_ours(seen, resource.owner_ref),), requeue_after=self._recheck_seconds)
            case Action.APPLY | Action.REAPPLY | Action.STRIP:
                return await self._write(resource, desired, action, seen)
        return Report()

    async def _read(self, resource: Resource, desired: DesiredObject) -> tuple[Observed | None, Action]:
        key = desired.key
        found = await self._objects.metadata(key.kind, key.namespace, key.name)
        if found is None:
            return None, Action.APPLY
        seen = observe(key.kind, found)
        return seen, decide(DesiredDigest(key, desired.hash, desired.owned), seen, resource.owner_ref)

    async def _write(self, resource: Resource, desired: DesiredObject, action: Action, seen: Observed | None) -> Report:
        """Write one object, unless a rejected write or a field conflict is still backing off (G3)."""
        key = desired.key
        if (refused := self._refusals.active(desired)) is not None:
            return Report((refused.problem,), requeue_after=self._refusals.wait(desired))
        lost: dict[Path, str] = {}
        if action is not Action.APPLY:
            # Changes of others during a pause do not count: nobody reapplied the fields in between.
            if not resource.resumes and (active := self._conflicts.active(key)):
                return Report((field_contested(active[0]),), requeue_after=self._conflicts.wait(key))
            lost = await self._lost_fields(resource, desired)
        try:
            written = await self._send(desired, action, seen)
        except ApiError as error:
            return self._handle_error(resource, desired, error)
        self._refusals.remove(desired)
        self._children.put(key.kind, written)
        if lost and not resource.resumes:
            self._conflicts.record(key, lost)
        if is_repair(action, seen, resource):
            self._metrics.drift.labels(key.kind.kind).inc()
        return Report()

    async def _send(self, desired: DesiredObject, action: Action, seen: Observed | None) -> dict[str, Any]:
        key = desired.key
        metadata_only = key.kind.watched is Watched.METADATA
        if action is Action.STRIP and seen is not None:
            return await self._objects.merge(
                key.kind, key.namespace, key.name, without_foreign(seen), metadata_only=metadata_only
            )
        manifest = (with_uid(desired, seen.uid) if seen is not None else desired).manifest
        return await self._objects.apply(key.kind, manifest, metadata_only=metadata_only)

    def _handle_error(self, resource: Resource, desired: DesiredObject, error: ApiError) -> Report:
        """Return the result of a write that failed, or raise the error if the queue should retry at once."""
        match after_apply(error):
            case AfterApply.REQUEUE_SOON:
                return Report(requeue_after=CONFLICT_AGAIN_SECONDS)
            case AfterApply.NAMESPACE_TERMINATING:
                return Report(namespace_terminating=True)
            case AfterApply.BACK_OFF:
                problem = volume_refusal(desired, self._children.get(desired.key), error)
                problem = self._refusals.add(desired, error, problem)
                logger.warning("%s: %s", resource, problem.message)
                return Report((problem,), requeue_after=self._refusals.wait(desired))
            case AfterApply.RAISE:
                raise error

    async def _lost_fields(self, resource: Resource, desired: DesiredObject) -> dict[Path, str]:
        """Return the fields that other managers own now, each with its manager."""
        key = desired.key
        found = await self._objects.metadata(key.kind, key.namespace, key.name)
        if found is None:
            return {}
        lost = lost_paths(key.kind, found["metadata"], desired.paths)
        logger.info(
            "%s: %s: another manager changed these fields; reapplying them: %s",
            resource,
            key,
            ", ".join(sorted(map(readable, lost))[:5]),
        )
        return lost


def is_repair(action: Action, seen: Observed | None, resource: Resource) -> bool:
    """Return whether a write restores what others have changed or deleted, as opposed to a change of the spec."""
    applied_before = resource.status.get("observedGeneration") == resource.generation
    return action is not Action.APPLY or (seen is None and applied_before)


async def run_all(passes: Iterable[Coroutine[Any, Any, Report]]) -> Report:
    """Run all coroutines concurrently to their end and return the result of all.

    Raises the first error only when none is running any more.
    """
    report = Report()
    for result in await asyncio.gather(*passes, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result
        report += result
    return report
