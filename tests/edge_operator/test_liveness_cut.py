"""All connections of a site are cut at once, without a DISCONNECT: a gateway is rolled out, a switch is pulled."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from kubernetes import client

from tests.support.brokered import FENCE, BrokeredSite, brokered
from tests.support.device_fleet import DeviceFleet
from tests.support.fence import Fence
from tests.support.mosquitto import HOST, MosquittoFactory
from tests.support.processes import OperatorFactory, OperatorProcess, eventually
from tests.support.sites import Sites
from tests.support.way import Way, way_to

NAMES = [f"unit-{number:03d}" for number in range(60)]
CUT_SECONDS = 4.0
"""Longer than a single will is held, shorter than those of many at once are."""

MASS_GRACE = 15.0
"""Half of the default."""


@pytest.fixture(scope="module")
def site(
    make_operator: OperatorFactory, module_mosquitto: MosquittoFactory, namespace: str, api: client.ApiClient
) -> Iterator[BrokeredSite]:
    with brokered(Sites.of(api, namespace), "plant", module_mosquitto([*NAMES, FENCE])) as site:
        site.apply()
        yield site


@pytest.fixture(scope="module")
def operator(site: BrokeredSite, make_operator: OperatorFactory) -> OperatorProcess:
    operator = site.lead(make_operator, EDGE_MASS_GRACE_SECONDS=f"{MASS_GRACE:g}")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(site.devices.apply, NAMES))
    return operator


@pytest.fixture(scope="module")
def way(site: BrokeredSite) -> Iterator[Way]:
    with way_to(site.broker.layout.mqtt) as way:
        yield way


@pytest.fixture(scope="module")
def fleet(
    site: BrokeredSite, operator: OperatorProcess, way: Way, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DeviceFleet]:
    """All devices connected by the way that can be cut, and Online."""
    directory = tmp_path_factory.mktemp("fleet")
    fleet = DeviceFleet(site.broker, NAMES, directory, url=f"mqtt://{HOST}:{way.port}").start()
    try:
        site.await_all("Online", len(NAMES), 120)
        yield fleet
    finally:
        fleet.kill()


def lost(operator: OperatorProcess) -> float:
    reasons = ("LastWill", "Disconnected", "HeartbeatExpired")
    return sum(operator.metric("edge_device_transitions_total", reason=reason) for reason in reasons)


def test_all_that_come_back_within_the_grace_stay_online(
    site: BrokeredSite, operator: OperatorProcess, way: Way, fleet: DeviceFleet
) -> None:
    fence = Fence(site)
    fence.messages()
    before = lost(operator)
    begun = time.monotonic()
    assert way.cut() == len(NAMES)
    event = eventually("one Event", lambda: site.events("MassLastWill"), 15)
    assert f"{len(NAMES)} devices" in event[0]["note"]
    time.sleep(max(0.0, begun + CUT_SECONDS - time.monotonic()))
    assert {phase for phase, _ in site.phases().values()} == {"Online"}, "a single will would have been believed"
    way.open()
    time.sleep(max(0.0, begun + MASS_GRACE - time.monotonic()))
    fence.messages()
    assert {phase for phase, _ in site.phases().values()} == {"Online"}
    assert lost(operator) == before + 1, "0 false Offline"
    assert len(site.events("MassLastWill")) == 1
