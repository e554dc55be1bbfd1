"""Carries out what was decided about the objects of one site, and tells what went wrong."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import groupby

from edge_operator.cluster.errors import ApiError
from edge_operator.cluster.objects import Objects
from edge_operator.desired.kinds import ChildKind, Watched
from edge_operator.status.facts import Problem
from edge_operator.telemetry.metrics import Metrics

from .contention import Contention, Contest
from .intent import Intent, ObjectKey, pinned
from .observed import Observed, foreign_content, foreign_paths, observe, own_paths
from .ownership import readable
from .refusals import Refusals
from .site_ref import SiteObject
from .store import ChildStore
from .verdict import Verdict, Wanted, judge

CONFLICT = 409
LOOK_AGAIN_SECONDS = 30.0
"""How soon somebody else's object under a child's name is looked at again: no watch tells of it."""

logger = logging.getLogger(__name__)


@dataclass
class Report:
    """What came of one pass over the objects of a site.

    Attributes:
        problems: what keeps objects from being as they should.
        leaving: objects that must be gone first.
        again: seconds until another pass is needed; None if events will tell.
    """

    problems: list[Problem] = field(default_factory=list)
    leaving: list[str] = field(default_factory=list)
    again: float | None = None

    def revisit(self, seconds: float) -> None:
        """Ask for another pass after `seconds`, or sooner."""
        self.again = seconds if self.again is None else min(self.again, seconds)


class Children:
    """Applies, strips and deletes objects.

    Args:
        objects: the API server.
        store: what is known, fed with the answers to our own writes.
        contention: which fields others keep taking.
        refusals: which writes the API server refused.
        metrics: where repairs are counted.
    """

    def __init__(
        self, objects: Objects, store: ChildStore, contention: Contention, refusals: Refusals, metrics: Metrics
    ) -> None:
        self._objects = objects
        self._store = store
        self._contention = contention
        self._refusals = refusals
        self._metrics = metrics

    async def carry_out(
        self, site: SiteObject, wanted: Iterable[Wanted], intents: Callable[[], Iterable[Intent]]
    ) -> Report:
        """Make the objects of the site as they should be.

        Objects of one kind are written side by side, kinds one after the other.

        Args:
            site: the site.
            wanted: what every object is compared with, in the order of applying.
            intents: builds the manifests; called only if something is to be written.
        """
        report = Report()
        verdicts = [(want, judge(want, self._store.get(want.key), site.claim)) for want in wanted]
        todo = {want.key: verdict for want, verdict in verdicts if verdict is not Verdict.KEEP}
        if not todo:
            return report
        ordered = [intent for intent in intents() if intent.key in todo]
        for _, of_kind in groupby(ordered, key=lambda intent: intent.key.kind):
            passes = [self._one(site, intent, todo[intent.key], report) for intent in of_kind]
            await _all(passes)
        return report

    async def remove(self, unwanted: Iterable[Observed]) -> None:
        """Delete objects that the site owns and its spec no longer asks for."""
        await _all(
            [self._objects.delete(seen.key.kind, seen.key.namespace, seen.key.name, seen.uid) for seen in unwanted]
        )

    async def _one(self, site: SiteObject, intent: Intent, verdict: Verdict, report: Report) -> None:
        seen = self._store.get(intent.key)
        if verdict is Verdict.LOOK:
            seen, verdict = await self._look(site, intent)
        match verdict:
            case Verdict.LEAVING:
                report.leaving.append(str(intent.key))
            case Verdict.NOT_OURS:
                report.problems.append(_not_ours(intent.key))
                report.revisit(LOOK_AGAIN_SECONDS)
            case Verdict.RETAKE if seen is not None:
                await self._retake(site, intent, seen, report)
            case Verdict.STRIP if seen is not None:
                await self._strip(site, intent, seen, report)
            case Verdict.APPLY | Verdict.LOOK:
                await self._apply(site, intent, seen, report)

    async def _look(self, site: SiteObject, intent: Intent) -> tuple[Observed | None, Verdict]:
        key = intent.key
        found = await self._objects.metadata(key.kind, key.namespace, key.name)
        if found is None:
            return None, Verdict.APPLY
        seen = observe(key.kind, found)
        return seen, judge(Wanted(key, intent.hash, intent.owned), seen, site.claim)

    async def _apply(self, site: SiteObject, intent: Intent, seen: Observed | None, report: Report) -> None:
        if (refused := self._refusals.standing(intent)) is not None:
            report.problems.append(refused.problem)
            report.revisit(self._refusals.wait(intent))
            return
        known = seen.uid if seen is not None else None
        try:
            applied = await self._objects.apply(
                intent.key.kind,
                (pinned(intent, known) if known else intent).manifest,
                metadata_only=_metadata_only(intent.key.kind),
            )
        except ApiError as error:
            if error.code == CONFLICT:
                # The object was replaced since it was seen: its event is on the way.
                report.revisit(1.0)
                return
            if error.namespace_terminating:
                return
            if not error.refused:
                raise
            problem = self._refusals.refused(intent, error)
            logger.warning("%s: %s", site, problem.message)
            report.problems.append(problem)
            report.revisit(self._refusals.wait(intent))
            return
        self._refusals.accepted(intent)
        self._store.put(intent.key.kind, applied)
        if seen is None and site.status.get("observedGeneration") == site.generation:
            self._metrics.drift.labels(intent.key.kind.kind).inc()

    async def _retake(self, site: SiteObject, intent: Intent, seen: Observed, report: Report) -> None:
        if await self._may_take_back(site, intent, report):
            await self._apply(site, intent, seen, report)

    async def _strip(self, site: SiteObject, intent: Intent, seen: Observed, report: Report) -> None:
        if not await self._may_take_back(site, intent, report):
            return
        key = intent.key
        patch: dict[str, object] = {"metadata": {"uid": seen.uid}}
        for path in seen.foreign:
            _nullify(patch, [step[2:] for step in path if step.startswith("f:")])
        stripped = await self._objects.merge(
            key.kind, key.namespace, key.name, patch, metadata_only=_metadata_only(key.kind)
        )
        self._store.put(key.kind, stripped)

    async def _may_take_back(self, site: SiteObject, intent: Intent, report: Report) -> bool:
        """Take note of the fields that others took; False where they did so too often lately (G3)."""
        key = intent.key
        if contests := self._contention.contested(key):
            report.problems.append(_contested(contests[0]))
            report.revisit(self._contention.wait(key))
            return False
        found = await self._objects.metadata(key.kind, key.namespace, key.name)
        if found is not None:
            metadata = found["metadata"]
            ours, theirs = own_paths(metadata), foreign_paths(metadata)
            taken = {*(intent.paths - ours), *foreign_content(key.kind, metadata, ours)}
            # Nobody holds a field that was removed, so who did it is not recorded.
            self._contention.retaken(key, {path: theirs.get(path, "unknown") for path in taken})
            logger.info("%s: %s: taken back: %s", site, key, ", ".join(sorted(map(readable, taken))[:5]))
        self._metrics.drift.labels(key.kind.kind).inc()
        return True


def _contested(contest: Contest) -> Problem:
    return Problem(
        "FieldContested",
        f"{contest.key}: {contest.field} is taken again and again by the manager {contest.manager!r}: keep that manager"
        " away from it, or set the value in the spec of the site; it is left alone for now",
    )


def _nullify(patch: dict[str, object], fields: list[str]) -> None:
    *parents, last = fields
    for parent in parents:
        below = patch.setdefault(parent, {})
        if not isinstance(below, dict):
            return
        patch = below
    patch[last] = None


def _metadata_only(kind: ChildKind) -> bool:
    return kind.watched is Watched.METADATA


def _not_ours(key: ObjectKey) -> Problem:
    return Problem(
        "NotOurs", f"{key} exists and is not this site's: it is left alone; delete or rename it, or rename the site"
    )


async def _all(passes: Iterable[object]) -> None:
    """Run side by side to the end, then raise the first error."""
    results = await asyncio.gather(*passes, return_exceptions=True)  # type: ignore[call-overload]
    for result in results:
        if isinstance(result, BaseException):
            raise result
