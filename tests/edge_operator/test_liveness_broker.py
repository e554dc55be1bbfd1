"""What the loss of a broker says of its devices: nothing. Real brokers, ended in every way; never a false Offline."""

import subprocess
import time
from collections.abc import Callable, Iterator

import pytest
from kubernetes import client

from edge_operator.identity import logins
from edge_operator.status.device_counts import DeviceCounts
from edge_wire import topics
from tests.support.brokered import FENCE, BrokeredSite, brokered
from tests.support.fence import Fence
from tests.support.mosquitto import ENDS, Mosquitto, MosquittoFactory
from tests.support.processes import OperatorFactory, OperatorProcess, eventually
from tests.support.sites import Sites
from tests.support.wire_device import WireDevice

NAMES = [f"unit-{number}" for number in range(6)]
EXPIRY_SECONDS = 6.0
UNREACHABLE_SECONDS = 4.0


@pytest.fixture(scope="module")
def site(
    make_operator: OperatorFactory, module_mosquitto: MosquittoFactory, namespace: str, api: client.ApiClient
) -> Iterator[BrokeredSite]:
    with brokered(Sites.of(api, namespace), "plant", module_mosquitto([*NAMES, FENCE])) as site:
        site.apply()
        yield site


@pytest.fixture(scope="module")
def operator(site: BrokeredSite, make_operator: OperatorFactory) -> OperatorProcess:
    operator = site.lead(make_operator)
    for name in NAMES:
        site.devices.apply(name)
    return operator


@pytest.fixture(scope="module")
def fence(site: BrokeredSite, operator: OperatorProcess) -> Fence:
    return Fence(site)


@pytest.fixture
def alive(site: BrokeredSite, operator: OperatorProcess) -> list[WireDevice]:
    """Every device connected and Online."""
    site.close()
    devices = [site.wire(name).connect() for name in NAMES]
    site.await_all("Online", len(NAMES))
    return devices


def offline_transitions(operator: OperatorProcess) -> float:
    reasons = ("LastWill", "Disconnected", "HeartbeatExpired")
    return sum(operator.metric("edge_device_transitions_total", reason=reason) for reason in reasons)


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_restart_of_the_broker_makes_no_device_offline(
    site: BrokeredSite,
    operator: OperatorProcess,
    fence: Fence,
    alive: list[WireDevice],
    end: Callable[[Mosquitto], None],
) -> None:
    before, told = offline_transitions(operator), len(site.events("BrokerUnreachable"))
    end(site.broker)
    condition = site.await_broker("False", 5)
    assert condition["reason"] == "BrokerUnreachable"
    eventually("one Event", lambda: len(site.events("BrokerUnreachable")) == told + 1)
    site.broker.start()
    site.await_broker()
    for device in alive:
        device.close()
        device.session = "2"
        device.connect()
    fence.wills()
    assert {phase for phase, _ in site.phases().values()} == {"Online"}
    assert offline_transitions(operator) == before + 1, "0 false Offline"
    assert len(site.events("BrokerUnreachable")) == told + 1


def publish_boot(site: BrokeredSite, boot: str) -> None:
    """Say which start of the broker this is, as its agent does."""
    words = [*site.broker.arguments(logins.BROKER_AGENT), "-t", topics.BROKER_BOOT, "-m", boot, "-q", "1", "-r"]
    subprocess.run([str(site.broker.programs / "mosquitto_pub"), *words], check=True, timeout=20)


def test_wills_of_a_broker_that_is_stopped_mean_nothing_though_its_new_boot_id_is_late(
    site: BrokeredSite, operator: OperatorProcess, fence: Fence, alive: list[WireDevice]
) -> None:
    publish_boot(site, "first")
    before = offline_transitions(operator)
    site.broker.stop()
    site.await_broker("False", 10)
    site.broker.start()
    site.await_broker()
    fence.appear()
    publish_boot(site, "second")
    fence.wills()
    assert {phase for phase, _ in site.phases().values()} == {"Online"}
    for device in alive:
        device.close()
        device.connect()
    fence.messages()
    assert offline_transitions(operator) == before + 2


def test_device_that_died_while_no_operator_ran_expires(
    site: BrokeredSite, operator: OperatorProcess, alive: list[WireDevice]
) -> None:
    """Whether the broker has restarted meanwhile is not known to an operator that begins, so the will is no proof."""
    publish_boot(site, "third")
    operator.stop()
    alive[0].vanish()
    site.devices.apply(NAMES[0], offlineAfter=f"{EXPIRY_SECONDS:g}s")
    operator.start().await_leading()
    site.await_phase(NAMES[0], "Offline", "HeartbeatExpired")
    site.devices.apply(NAMES[0])


def test_devices_that_do_not_come_back_expire(
    site: BrokeredSite, operator: OperatorProcess, alive: list[WireDevice]
) -> None:
    for name in NAMES[:2]:
        site.devices.apply(name, offlineAfter=f"{EXPIRY_SECONDS:g}s")
    site.broker.kill()
    site.await_broker("False", 10)
    site.broker.start()
    site.await_broker()
    alive[0].close()
    alive[0].connect()

    def expired() -> bool:
        alive[0].beat()
        return bool(site.status(NAMES[1])["phase"] == "Offline")

    eventually("the one that is away has expired", expired, 2 * EXPIRY_SECONDS + 5, pause=0.2)
    assert site.status(NAMES[1])["connectivity"]["reason"] == "HeartbeatExpired"
    assert site.status(NAMES[0])["phase"] == "Online"
    for name in NAMES[:2]:
        site.devices.apply(name)


def test_broker_that_stays_unreachable_makes_its_devices_unknown(
    site: BrokeredSite,
    operator: OperatorProcess,
    fence: Fence,
    alive: list[WireDevice],
    make_operator: OperatorFactory,
) -> None:
    fence.messages()
    operator.stop()
    patient = site.lead(
        make_operator, EDGE_UNREACHABLE_AFTER_SECONDS=f"{UNREACHABLE_SECONDS:g}", EDGE_FIGURES_SECONDS="1"
    )
    began = time.monotonic()
    site.broker.kill()
    for name in NAMES:
        site.await_phase(name, "Unknown", "SiteUnreachable", 20)
    assert time.monotonic() - began > UNREACHABLE_SECONDS - 0.5
    assert offline_transitions(patient) == 0
    site.await_counts(DeviceCounts(total=len(NAMES) + 1, offline=1, unknown=len(NAMES)))
    site.broker.start()
    site.await_broker()
    for device in alive:
        device.close()
        device.connect()
    site.await_all("Online", len(NAMES))
