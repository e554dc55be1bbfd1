"""A hundred devices of one site: storms, failovers, an operator that was stopped. Never a false Offline."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from signal import SIGCONT, SIGSTOP
from typing import Any

import pytest
from kubernetes import client

from e2e.cluster.audit import AuditCursor
from edge_operator.status.device_counts import DeviceCounts
from tests.support.brokered import FENCE, BrokeredSite, brokered
from tests.support.device_fleet import DeviceFleet
from tests.support.fence import Fence
from tests.support.mosquitto import ENDS, Mosquitto, MosquittoFactory
from tests.support.processes import OperatorFactory, OperatorProcess, eventually
from tests.support.sites import Sites
from tests.support.writes import OperatorWrites

NAMES = [f"unit-{number:03d}" for number in range(100)]
OFFLINE_AFTER = 10.0
MASS_GRACE = 4.0
"""Seconds; shorter than `OFFLINE_AFTER`, so that the wills decide and not the silence."""


@pytest.fixture(scope="module")
def site(
    make_operator: OperatorFactory, module_mosquitto: MosquittoFactory, namespace: str, api: client.ApiClient
) -> Iterator[BrokeredSite]:
    with brokered(Sites.of(api, namespace), "plant", module_mosquitto([*NAMES, FENCE])) as site:
        site.apply(devices={"heartbeatInterval": "1s", "offlineAfter": f"{OFFLINE_AFTER:g}s"})
        yield site


@pytest.fixture(scope="module")
def operators(site: BrokeredSite, make_operator: OperatorFactory) -> list[OperatorProcess]:
    """A leader and a standby."""
    settings = {
        "EDGE_BROKER_ADDRESSES": site.address,
        "EDGE_MASS_GRACE_SECONDS": f"{MASS_GRACE:g}",
        "EDGE_FIGURES_SECONDS": "1",
        "EDGE_LIVENESS_WRITES_PER_SECOND": "200",
    }
    leader = make_operator(**settings).start().await_leading()
    standby = make_operator(**settings).start().await_ready()
    site.await_broker()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(site.devices.apply, NAMES))
    return [leader, standby]


@pytest.fixture(scope="module")
def fleet(
    site: BrokeredSite, operators: list[OperatorProcess], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DeviceFleet]:
    """All devices connected and Online."""
    fleet = DeviceFleet(site.broker, NAMES, tmp_path_factory.mktemp("fleet")).start()
    try:
        site.await_all("Online", len(NAMES), 120)
        yield fleet
    finally:
        fleet.kill()


@pytest.fixture(scope="module")
def fence(site: BrokeredSite, operators: list[OperatorProcess]) -> Fence:
    """A device that falls silent as none of the fleet does, with the same `offlineAfter`."""
    return Fence(site, f"{OFFLINE_AFTER:g}s")


@pytest.fixture
def writes(audit: AuditCursor, namespace: str) -> OperatorWrites:
    return OperatorWrites(audit, namespace)


def leader_of(operators: list[OperatorProcess]) -> OperatorProcess:
    leaders = [operator for operator in operators if operator.process and operator.metric("edge_leader") == 1]
    assert len(leaders) == 1
    return leaders[0]


def to_devices(writes: OperatorWrites) -> list[str]:
    return [event.name for event in writes.all() if event.resource == "edgedevices" and event.name != FENCE]


def lost(operator: OperatorProcess) -> float:
    reasons = ("LastWill", "Disconnected", "HeartbeatExpired")
    return sum(operator.metric("edge_device_transitions_total", reason=reason) for reason in reasons)


def is_online(site: BrokeredSite) -> bool:
    return {phase for phase, _ in site.phases().values()} == {"Online"}


def test_standby_has_no_session(operators: list[OperatorProcess], fleet: DeviceFleet) -> None:
    assert [operator.metric("edge_broker_sessions") for operator in operators] == [1, 0]


def test_steady_fleet_writes_nothing(
    site: BrokeredSite, operators: list[OperatorProcess], fleet: DeviceFleet, writes: OperatorWrites
) -> None:
    leader = leader_of(operators)
    writes.await_quiet()
    writes.restart()
    heard = leader.metric("edge_broker_messages_total", kind="status")
    beats = heard + 3 * len(NAMES)
    eventually("three heartbeats", lambda: leader.metric("edge_broker_messages_total", kind="status") >= beats, 30)
    assert is_online(site)
    assert writes.all() == []


def test_failover_over_a_steady_fleet_writes_nothing(
    site: BrokeredSite, operators: list[OperatorProcess], fleet: DeviceFleet, fence: Fence, writes: OperatorWrites
) -> None:
    leader = leader_of(operators)
    fence.appear()
    leader.kill()
    eventually("another leads", lambda: any(each.metric("edge_leader") for each in operators if each.process), 20)
    fence.silence()
    assert is_online(site)
    assert to_devices(writes) == []
    leader.start().await_ready()


def test_operator_that_was_stopped_for_long_writes_nothing(
    site: BrokeredSite, operators: list[OperatorProcess], fleet: DeviceFleet, fence: Fence, writes: OperatorWrites
) -> None:
    fence.appear()
    for operator in operators:
        operator.stop()
    writes.restart()
    time.sleep(1.1 * OFFLINE_AFTER)
    operators[0].start().await_leading()
    fence.silence()
    assert is_online(site)
    assert to_devices(writes) == []
    operators[1].start().await_ready()


def test_resumed_leader_writes_nothing(
    site: BrokeredSite, operators: list[OperatorProcess], fleet: DeviceFleet, fence: Fence, writes: OperatorWrites
) -> None:
    leader = leader_of(operators)
    fence.appear()
    leader.signal(SIGSTOP)
    others = [each for each in operators if each is not leader]
    eventually("another leads", lambda: others[0].metric("edge_leader") == 1, 20)
    leader.signal(SIGCONT)
    eventually("its sessions are closed", lambda: leader.metric("edge_broker_sessions") == 0, 20)
    fence.silence()
    assert is_online(site)
    assert to_devices(writes) == []


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_end_of_the_broker_makes_none_of_the_fleet_offline(
    site: BrokeredSite,
    operators: list[OperatorProcess],
    fleet: DeviceFleet,
    fence: Fence,
    end: Callable[[Mosquitto], None],
) -> None:
    fence.appear()
    leader = leader_of(operators)
    before = lost(leader)
    end(site.broker)
    site.await_broker("False", 10)
    site.broker.start()
    site.await_broker()
    fence.silence()
    assert is_online(site)
    assert lost(leader) == before + 1, "the fence alone"


def test_silence_of_all_expires_all(site: BrokeredSite, operators: list[OperatorProcess], fleet: DeviceFleet) -> None:
    fleet.freeze()
    site.await_all("Offline", len(NAMES), 120)
    assert {reason for _, reason in site.phases().values()} == {"HeartbeatExpired"}
    fleet.thaw()
    site.await_all("Online", len(NAMES), 120)


def device_events(site: BrokeredSite) -> list[dict[str, Any]]:
    return [event for event in site.events() if event["regarding"]["kind"] == "EdgeDevice"]


def test_death_of_all_is_one_event(
    site: BrokeredSite, operators: list[OperatorProcess], fleet: DeviceFleet, writes: OperatorWrites
) -> None:
    before, begun = len(device_events(site)), time.monotonic()
    fleet.kill()
    eventually("the first is Offline", lambda: "Offline" in {phase for phase, _ in site.phases().values()}, 40)
    event = eventually("an Event", lambda: site.events("MassLastWill"), 15)
    assert f"{len(NAMES)} devices" in event[0]["note"]
    site.await_all("Offline", len(NAMES), 120)
    written = len(device_events(site)) - before
    assert written <= time.monotonic() - begun + 1, "at most one Event a second: a fleet's do not drown the others"
    fleet.start()
    site.await_all("Online", len(NAMES), 120)


def test_figures_end_up_right(
    site: BrokeredSite, operators: list[OperatorProcess], fleet: DeviceFleet, fence: Fence
) -> None:
    fence.messages()
    site.await_counts(DeviceCounts(total=len(NAMES) + 1, online=len(NAMES), offline=1))
