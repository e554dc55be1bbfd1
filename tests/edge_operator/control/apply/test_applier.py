"""Decisions about children before anything is sent: which are not changed, and when they are checked again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from edge_operator.api.schema import API_VERSION
from edge_operator.cluster.clock import wall_clock
from edge_operator.cluster.errors import ApiError, NotLeaderError
from edge_operator.cluster.objects import FIELD_MANAGER, ObjectClient
from edge_operator.control.apply.applier import Applier, is_repair, run_all
from edge_operator.control.apply.field_conflicts import RETAKES, WINDOW_SECONDS, FieldConflicts
from edge_operator.control.apply.refusals import MIN_BACKOFF_SECONDS, Refusals
from edge_operator.control.apply.report import Report
from edge_operator.control.cache.child_cache import ChildCache
from edge_operator.control.cache.resource import CachedSite
from edge_operator.control.diff.action import Action, DesiredDigest
from edge_operator.control.diff.desired_object import DesiredObject, desired_object
from edge_operator.control.diff.observed import Observed, observe
from edge_operator.control.diff.ownership import Path
from edge_operator.desired.kinds import CONFIG_MAP, SECRET
from edge_operator.status import reasons
from edge_operator.telemetry.metrics import Metrics
from tests.edge_operator.cluster.virtual import Clock
from tests.edge_operator.control.closed_gate import ClosedGate, closed_client

SITE = CachedSite({"metadata": {"namespace": "ns", "name": "hall", "uid": "u-hall", "generation": 3}})
LOOK_AGAIN = 30.0
OWNER = {"apiVersion": API_VERSION, "kind": "EdgeSite", "name": "hall", "uid": "u-hall", "controller": True}
FORMER = OWNER | {"uid": "u-before"}
STRANGER = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "x", "uid": "u-x", "controller": True}
REFUSED = ApiError(422, "Invalid", "spec.x: Invalid value")


def intent(name: str = "a", kind: str = "Secret", **data: str) -> DesiredObject:
    metadata = {"namespace": "ns", "name": name, "ownerReferences": [OWNER]}
    return desired_object({"apiVersion": "v1", "kind": kind, "metadata": metadata, "data": data or {"k": "dg=="}})


def fields(paths: frozenset[Path]) -> dict[str, Any]:
    """Return the `fieldsV1` in which `paths` are recorded."""
    root: dict[str, Any] = {}
    for path in paths:
        node = root
        for step in path:
            node = node.setdefault(step, {})
    return root


def stored(
    as_of: DesiredObject, owner: dict[str, Any] = OWNER, *, taken: Path | None = None, **more: Any
) -> dict[str, Any]:
    """Return an object as the API server has it after `as_of` was applied, and `taken` was taken by another."""
    ours = as_of.paths - {taken} if taken else as_of.paths
    managed = [{"manager": FIELD_MANAGER, "operation": "Apply", "fieldsV1": fields(ours)}]
    head = {"uid": f"u-{as_of.key.name}", "resourceVersion": "5", "ownerReferences": [owner], "managedFields": managed}
    return {"metadata": {**as_of.manifest["metadata"], **head, **more}}


@dataclass
class Rig:
    """Applier over a client with a closed gate."""

    children: Applier
    store: ChildCache
    conflicts: FieldConflicts
    refusals: Refusals
    gate: ClosedGate
    clock: Clock
    built: int = 0

    async def apply_all(self, *intents: DesiredObject) -> Report:
        def build() -> tuple[DesiredObject, ...]:
            self.built += 1
            return intents

        return await self.children.apply_all(
            SITE, [DesiredDigest(each.key, each.hash, each.owned) for each in intents], build
        )


@asynccontextmanager
async def rig() -> AsyncIterator[Rig]:
    clock = Clock()
    async with closed_client() as (client, gate):
        store, conflicts = ChildCache(lambda *_: None), FieldConflicts(clock, wall_clock)
        refusals = Refusals(clock)
        children = Applier(ObjectClient(client), store, conflicts, refusals, Metrics(), LOOK_AGAIN)
        yield Rig(children, store, conflicts, refusals, gate, clock)


async def test_nothing_is_built_where_everything_is_as_it_should_be() -> None:
    async with rig() as it:
        it.store.put(SECRET, stored(intent()))
        assert await it.apply_all(intent()) == Report()
        assert (it.built, it.gate.attempts) == (0, 0)


async def test_changed_intent_is_sent() -> None:
    async with rig() as it:
        it.store.put(SECRET, stored(intent()))
        with pytest.raises(NotLeaderError):
            await it.apply_all(intent(other="dg=="))
        assert (it.built, it.gate.attempts) == (1, 1)


async def test_object_of_another_is_left_alone_and_looked_at_again() -> None:
    async with rig() as it:
        it.store.put(SECRET, stored(intent(), STRANGER))
        report = await it.apply_all(intent())
        assert [problem.reason for problem in report.problems] == [reasons.NOT_OURS]
        assert "Secret ns/a" in report.problems[0].message
        assert (report.requeue_after, report.terminating, it.gate.attempts) == (LOOK_AGAIN, (), 0)


@pytest.mark.parametrize(
    ("owner", "more"), [(FORMER, {}), (OWNER, {"deletionTimestamp": "2026-01-01T00:00:00Z"})], ids=["former", "deleted"]
)
async def test_object_that_is_about_to_go_is_waited_for(owner: dict[str, Any], more: dict[str, Any]) -> None:
    async with rig() as it:
        it.store.put(SECRET, stored(intent(), owner, **more))
        report = await it.apply_all(intent())
        assert (report.terminating, report.problems, report.requeue_after) == (("Secret ns/a",), (), LOOK_AGAIN)
        assert it.gate.attempts == 0


async def test_refused_write_is_not_sent_again_before_its_time() -> None:
    async with rig() as it:
        it.store.put(SECRET, stored(intent()))
        it.refusals.add(intent(other="dg=="), REFUSED)
        it.clock.now += 0.5
        report = await it.apply_all(intent(other="dg=="))
        assert [problem.reason for problem in report.problems] == [reasons.INVALID]
        assert (report.requeue_after, it.gate.attempts) == (MIN_BACKOFF_SECONDS - 0.5, 0)
        it.clock.now += MIN_BACKOFF_SECONDS
        with pytest.raises(NotLeaderError):
            await it.apply_all(intent(other="dg=="))


async def test_contested_field_is_left_alone_and_the_rest_of_the_site_is_not() -> None:
    field = ("f:data", "f:k")
    async with rig() as it:
        it.store.put(SECRET, stored(intent(), taken=field))
        for _ in range(RETAKES):
            it.conflicts.record(intent().key, {field: "gitops"})
        it.clock.now += 10
        report = await it.apply_all(intent())
        assert [problem.reason for problem in report.problems] == [reasons.FIELD_CONTESTED]
        assert ".data.k" in report.problems[0].message
        assert "'gitops'" in report.problems[0].message
        assert (report.requeue_after, it.gate.attempts) == (WINDOW_SECONDS - 10, 0)


async def test_intent_that_changes_is_sent_although_a_field_is_contested() -> None:
    async with rig() as it:
        it.store.put(SECRET, stored(intent()))
        for _ in range(RETAKES):
            it.conflicts.record(intent().key, {("f:data", "f:k"): "gitops"})
        with pytest.raises(NotLeaderError):
            await it.apply_all(intent(other="dg=="))


async def test_soonest_of_several_waits_counts() -> None:
    async with rig() as it:
        it.store.put(SECRET, stored(intent("a"), STRANGER))
        it.store.put(SECRET, stored(intent("b")))
        it.refusals.add(intent("b", other="dg=="), REFUSED)
        report = await it.apply_all(intent("a"), intent("b", other="dg=="))
        assert report.requeue_after == MIN_BACKOFF_SECONDS
        assert {problem.reason for problem in report.problems} == {reasons.NOT_OURS, reasons.INVALID}


async def test_objects_of_a_kind_are_written_side_by_side_and_the_next_kind_after_them() -> None:
    async with rig() as it:
        for name in ("a", "b"):
            it.store.put(SECRET, stored(intent(name)))
        it.store.put(CONFIG_MAP, stored(intent("c", "ConfigMap")))
        changed = [intent(name, kind, other="dg==") for name, kind in [("a", "Secret"), ("b", "Secret")]]
        with pytest.raises(NotLeaderError):
            await it.apply_all(*changed, intent("c", "ConfigMap", other="dg=="))
        assert it.gate.attempts == 2, "both of the kind that failed, none of the next"


async def test_what_is_as_it_should_be_is_not_written_beside_what_is_not() -> None:
    async with rig() as it:
        it.store.put(SECRET, stored(intent("a")))
        it.store.put(SECRET, stored(intent("b")))
        with pytest.raises(NotLeaderError):
            await it.apply_all(intent("a"), intent("b", other="dg=="))
        assert it.gate.attempts == 1


async def test_each_unwanted_object_is_deleted_though_one_fails() -> None:
    async with rig() as it:
        unwanted = [observe(SECRET, stored(intent(name))) for name in ("a", "b", "c")]
        with pytest.raises(NotLeaderError):
            await it.children.remove(SITE, unwanted)
        assert it.gate.attempts == 3


async def test_error_is_raised_after_the_others_have_ended() -> None:
    ended = []

    async def slow(number: int) -> Report:
        for _ in range(10):
            await asyncio.sleep(0)
        ended.append(number)
        return Report()

    async def fails(text: str) -> Report:
        await asyncio.sleep(0)
        raise NotLeaderError(text)

    with pytest.raises(NotLeaderError, match="first"):
        await run_all([slow(1), fails("first"), fails("second"), slow(2)])
    assert ended == [1, 2]


SEEN = observe(SECRET, stored(intent()))
REPAIRS: dict[str, tuple[Action, Observed | None, int, bool]] = {
    "first apply": (Action.APPLY, None, 2, False),
    "changed spec": (Action.APPLY, SEEN, 2, False),
    "changed release": (Action.APPLY, SEEN, 3, False),
    "deleted by another": (Action.APPLY, None, 3, True),
    "field taken": (Action.REAPPLY, SEEN, 3, True),
    "field taken while the spec changed": (Action.REAPPLY, SEEN, 2, True),
    "content added": (Action.STRIP, SEEN, 3, True),
}


@pytest.mark.parametrize(("action", "seen", "observed", "repair"), REPAIRS.values(), ids=REPAIRS)
def test_what_counts_as_a_repair(action: Action, seen: Observed | None, observed: int, *, repair: bool) -> None:
    site = CachedSite({**SITE.body, "status": {"observedGeneration": observed}})
    assert is_repair(action, seen, site) is repair
