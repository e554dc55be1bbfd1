"""The order of one reconcile of a site where the real API server cannot be made to fail as needed."""

from dataclasses import replace
from typing import Any, cast

import pytest

from edge_operator.cluster.errors import ApiError, UnreachableError
from edge_operator.control.apply.applier import Applier
from edge_operator.control.apply.report import Report
from edge_operator.control.apply.status_writer import OVERTAKEN_SECONDS, StatusWriter
from edge_operator.control.cache.child_cache import ChildCache, ResourceKey
from edge_operator.control.credentials.root_secrets import RootSecrets
from edge_operator.control.site.due_figures import DueFigures
from edge_operator.control.site.observation import SiteObservation, SiteObserver, UserSecrets
from edge_operator.control.site.reconciler import SiteReconciler
from edge_operator.control.site_broker.endpoints import BrokerEndpoints
from edge_operator.control.site_broker.site_topics import SiteTopics
from edge_operator.status.facts import BrokerFacts, Problem, SiteFacts, TopicFacts
from edge_operator.telemetry.metrics import Metrics
from tests.edge_operator.control.samples import BEGAN, site
from tests.edge_operator.control.site.test_actions import WELL

RECHECK = 30.0


class Steps:
    """Every collaborator of the reconciler: records what is done, in order."""

    def __init__(self, seen: SiteObservation, *, is_current: bool = True, requeue_after: float | None = None) -> None:
        self.seen, self.is_current, self.requeue_after = seen, is_current, requeue_after
        self.done: list[str] = []

    async def ensure(self, _site: object) -> None:
        self.done.append("root")

    async def observe(self, _site: object, _root: object) -> SiteObservation:
        self.done.append("observe")
        return self.seen

    async def apply_all(self, _site: object, digests: Any, _build: object) -> Report:
        self.done.append(f"apply {', '.join(digest.key.name for digest in digests)}")
        return Report(requeue_after=self.requeue_after)

    async def remove(self, _site: object, unwanted: Any) -> Report:
        self.done.append(f"delete {', '.join(seen.key.name for seen in unwanted)}")
        return Report()

    def connect(self, _site: ResourceKey, _endpoint: object, **_: object) -> None:
        self.done.append("connect")

    def facts(self, _site: ResourceKey) -> BrokerFacts | None:
        return None

    def with_due(self, _site: object, facts: SiteFacts) -> tuple[SiteFacts, None]:
        return facts, None

    async def write(self, *_: object) -> bool:
        self.done.append("status")
        return self.is_current

    async def reconcile(self) -> float | None:
        children = ChildCache(lambda *_: None)
        reconciler = SiteReconciler(
            children,
            cast("RootSecrets", self),
            cast("SiteObserver", self),
            cast("Applier", self),
            cast("StatusWriter", self),
            cast("BrokerEndpoints", self),
            SiteTopics(Metrics(), lambda _: None, lambda: 0.0, lambda: BEGAN),
            cast("DueFigures", self),
            RECHECK,
        )
        return await reconciler.reconcile(self.seen.site)


async def test_one_reconcile_gathers_acts_and_reports_in_this_order() -> None:
    steps = Steps(WELL)
    assert await steps.reconcile() is None
    assert steps.done == ["root", "observe", "apply kept", "delete surplus", "connect", "status"]


async def test_site_that_cannot_be_described_keeps_its_session_and_is_looked_at_again() -> None:
    unusable = replace(WELL, desired=None, problem=Problem("SpecInvalid", "m"))
    steps = Steps(unusable)
    assert await steps.reconcile() == RECHECK
    assert steps.done == ["root", "observe", "apply plant-mqtt-auth", "delete ", "status"]


async def test_site_that_waits_for_a_secret_of_a_sink_is_read_again_sooner() -> None:
    waiting = replace(WELL, secrets=UserSecrets(sink_problems={"cloud": "no label"}))
    assert await Steps(waiting).reconcile() == RECHECK / 2


@pytest.mark.parametrize("error", [ApiError(403, "Forbidden", "no"), UnreachableError("no")], ids=["refused", "away"])
async def test_secret_of_the_user_that_cannot_be_read_delays_no_revocation(
    error: ApiError | UnreachableError,
) -> None:
    steps = Steps(replace(WELL, secrets=UserSecrets(error=error)))
    with pytest.raises(type(error)):
        await steps.reconcile()
    assert steps.done == ["root", "observe", "apply kept", "delete surplus"]


@pytest.mark.parametrize(
    ("requeue_after", "is_current", "expected"),
    [
        (None, True, None),
        (5.0, True, 5.0),
        (None, False, OVERTAKEN_SECONDS),
        (5.0, False, OVERTAKEN_SECONDS),
    ],
)
async def test_next_reconcile_is_the_earliest_that_is_needed(
    requeue_after: float | None, *, is_current: bool, expected: float | None
) -> None:
    assert await Steps(WELL, is_current=is_current, requeue_after=requeue_after).reconcile() == expected


async def test_condition_that_ends_by_itself_is_looked_at_then() -> None:
    assert await Steps(replace(WELL, topics=TopicFacts(dropping_seconds=7.0))).reconcile() == 7.0


async def test_site_that_is_being_deleted_is_left_alone() -> None:
    body = site().body
    deleting = {**body, "metadata": {**body["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}}
    steps = Steps(replace(WELL, site=type(WELL.site)(deleting)))
    assert await steps.reconcile() is None
    assert steps.done == []
