import asyncio
from dataclasses import dataclass, field
from typing import cast

import pytest

from edge_operator.cluster.election import Election
from edge_operator.cluster.watch import Watch
from edge_operator.desired.kinds import DEPLOYMENT, SECRET, ChildKind
from edge_operator.health import (
    MAX_LAG_SECONDS,
    MAX_WATCH_AGE_SECONDS,
    Health,
    ResourceWatches,
)
from edge_operator.telemetry.probes import LoopLag

NOW = 10_000.0
LONG_AGO, NEVER = float("-inf"), float("inf")


@dataclass
class FakeWatch:
    age: float = 1.0
    kind: ChildKind = SECRET
    synced: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class FakeElection:
    api_reachable_since: float


@dataclass
class FakeLag:
    seconds: float


def health(
    *, lag: float = 0.0, watches: list[FakeWatch] | None = None, resources: ResourceWatches, answering: float = LONG_AGO
) -> Health:
    return Health(
        lambda: NOW,
        cast("LoopLag", FakeLag(lag)),
        cast("list[Watch]", watches or []),
        resources,
        cast("Election", FakeElection(answering)),
    )


def resources(*, crds: bool = True, sites: float | None = NOW, devices: float | None = NOW) -> ResourceWatches:
    """Return what is known where each watch was last opened at a time, or never since it was begun long ago."""
    clock = [NOW - 1000]
    watches = ResourceWatches(lambda: clock[0])
    if crds:
        watches.on_started()
    for watch, at in ((watches.sites, sites), (watches.devices, devices)):
        if at is not None:
            clock[0] = at
            watch.on_opened()
    return watches


@pytest.mark.parametrize(
    ("lag", "age", "devices", "answering", "unhealthy"),
    [
        pytest.param(0.0, 60.0, NOW - 300, LONG_AGO, None, id="well"),
        pytest.param(MAX_LAG_SECONDS + 1, 1.0, NOW, LONG_AGO, "event loop", id="loop stuck"),
        pytest.param(0.0, MAX_WATCH_AGE_SECONDS + 10, NOW, LONG_AGO, "watch of Secret", id="watch dead"),
        pytest.param(0.0, 5000.0, NOW - 5000, NEVER, None, id="API server away"),
        pytest.param(0.0, 5000.0, NOW - 5000, NOW - 100, None, id="API server just back"),
        pytest.param(0.0, 5000.0, NOW, NOW - 1000, "watch of Secret", id="back and not heard"),
        pytest.param(0.0, 1.0, NOW - 421, LONG_AGO, "custom resources", id="Kopf of one resource dead"),
        pytest.param(0.0, 1.0, NOW - 421, NOW - 400, None, id="Kopf waits for an API server that was away"),
        pytest.param(0.0, 1.0, None, LONG_AGO, "custom resources", id="Kopf of one resource never opened its watch"),
    ],
)
def test_unhealthy(lag: float, age: float, devices: float | None, answering: float, unhealthy: str | None) -> None:
    found = health(lag=lag, watches=[FakeWatch(age)], resources=resources(devices=devices), answering=answering)
    problems = found.unhealthy()
    assert any(unhealthy in problem for problem in problems) if unhealthy else problems == []


def test_kopf_that_waits_for_the_crds_is_not_dead() -> None:
    assert health(resources=resources(crds=False, sites=None, devices=None)).unhealthy() == []


@pytest.mark.parametrize(
    ("watched", "synced", "problems"),
    [
        pytest.param(resources(), True, [], id="ready"),
        pytest.param(resources(crds=False), True, ["CRDs are not Established"], id="no CRDs"),
        pytest.param(resources(devices=None), True, ["has not started"], id="Kopf of one resource not begun"),
        pytest.param(resources(), False, ["not listed yet: Deployment, Secret"], id="lists missing"),
        pytest.param(resources(crds=False), False, ["CRDs", "not listed"], id="both"),
    ],
)
async def test_not_ready(watched: ResourceWatches, problems: list[str], *, synced: bool) -> None:
    watches = [FakeWatch(), FakeWatch(), FakeWatch(kind=DEPLOYMENT)]
    for watch in watches if synced else ():
        watch.synced.set()
    found = health(watches=watches, resources=watched).not_ready()
    assert len(found) == len(problems)
    assert all(problem in said for problem, said in zip(problems, found, strict=True))
