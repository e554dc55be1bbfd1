import asyncio
from dataclasses import dataclass, field
from typing import cast

import pytest

from edge_operator.cluster.election import Election
from edge_operator.cluster.watch import Watch
from edge_operator.desired.kinds import DEPLOYMENT, SECRET, ChildKind
from edge_operator.health import (
    MOST_LAG_SECONDS,
    MOST_RESOURCE_WATCH_AGE_SECONDS,
    MOST_WATCH_AGE_SECONDS,
    Health,
    ResourceWatch,
)
from edge_operator.telemetry.probes import LoopLag

NOW = 10_000.0
NEVER = float("-inf")


@dataclass
class FakeWatch:
    age: float = 1.0
    kind: ChildKind = SECRET
    synced: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class FakeElection:
    answered_at: float


@dataclass
class FakeLag:
    seconds: float


def health(
    *, lag: float = 0.0, watches: list[FakeWatch] | None = None, resources: ResourceWatch, answered: float = NOW
) -> Health:
    return Health(
        lambda: NOW,
        cast("LoopLag", FakeLag(lag)),
        cast("list[Watch]", watches or []),
        resources,
        cast("Election", FakeElection(answered)),
    )


WELL = ResourceWatch(crds=True, started=True, heard_at=NOW)


@pytest.mark.parametrize(
    ("lag", "age", "heard_at", "answered", "unhealthy"),
    [
        pytest.param(0.0, 60.0, NOW - 300, NOW - 2, None, id="well"),
        pytest.param(MOST_LAG_SECONDS + 1, 1.0, NOW, NOW, "event loop", id="loop stuck"),
        pytest.param(0.0, MOST_WATCH_AGE_SECONDS + 10, NOW, NOW, "watch of Secret", id="watch dead"),
        pytest.param(0.0, 5000.0, NOW - 5000, NOW - 5000, None, id="API server away since then"),
        pytest.param(0.0, 5000.0, NOW - 5000, NOW - 1000, "watch of Secret", id="back but not heard"),
        pytest.param(0.0, 5000.0, NOW - 5000, NEVER, None, id="API server never answered"),
        pytest.param(0.0, 1.0, NOW - MOST_RESOURCE_WATCH_AGE_SECONDS - 10, NOW, "custom resources", id="Kopf dead"),
        pytest.param(0.0, 1.0, NEVER, NEVER, None, id="nothing ever answered"),
    ],
)
def test_unhealthy(lag: float, age: float, heard_at: float, answered: float, unhealthy: str | None) -> None:
    resources = ResourceWatch(crds=True, started=True, heard_at=heard_at)
    found = health(lag=lag, watches=[FakeWatch(age)], resources=resources, answered=answered).unhealthy()
    assert any(unhealthy in problem for problem in found) if unhealthy else found == []


def test_kopf_that_has_not_begun_is_not_dead() -> None:
    assert health(resources=ResourceWatch(heard_at=NEVER)).unhealthy() == []


@pytest.mark.parametrize(
    ("resources", "synced", "problems"),
    [
        pytest.param(WELL, True, [], id="ready"),
        pytest.param(ResourceWatch(), True, ["CRDs are not Established"], id="no CRDs"),
        pytest.param(ResourceWatch(crds=True), True, ["has not begun"], id="Kopf not begun"),
        pytest.param(WELL, False, ["not listed yet: Deployment, Secret"], id="lists missing"),
        pytest.param(ResourceWatch(), False, ["CRDs", "not listed"], id="both"),
    ],
)
async def test_not_ready(resources: ResourceWatch, problems: list[str], *, synced: bool) -> None:
    watches = [FakeWatch(), FakeWatch(), FakeWatch(kind=DEPLOYMENT)]
    for watch in watches if synced else ():
        watch.synced.set()
    found = health(watches=watches, resources=resources).not_ready()
    assert len(found) == len(problems)
    assert all(problem in said for problem, said in zip(problems, found, strict=True))
