"""What the loss of a broker says of its devices: nothing. Real brokers, ended in every way; never a false Offline."""

import subprocess
import time
from collections.abc import Callable, Iterator

import pytest
from kubernetes import client

from edge_operator.identity import logins
from edge_wire import topics
from tests.support.brokered import BrokeredSite, brokered
from tests.support.mosquitto import ENDS, Mosquitto, MosquittoFactory
from tests.support.processes import OperatorFactory, OperatorProcess, eventually
from tests.support.sites import Sites
from tests.support.wire_device import WireDevice

NAMES = [f"unit-{number}" for number in range(6)]


@pytest.fixture(scope="module")
def site(
    make_operator: OperatorFactory, module_mosquitto: MosquittoFactory, namespace: str, api: client.ApiClient
) -> Iterator[BrokeredSite]:
    with brokered(Sites.of(api, namespace), "plant", module_mosquitto(NAMES)) as site:
        site.apply(devices={"heartbeatInterval": "1s", "offlineAfter": "8s"})
        yield site


@pytest.fixture(scope="module")
def operator(site: BrokeredSite, make_operator: OperatorFactory) -> OperatorProcess:
    operator = site.lead(make_operator)
    for name in NAMES:
        site.devices.apply(name)
    return operator


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
    site: BrokeredSite, operator: OperatorProcess, alive: list[WireDevice], end: Callable[[Mosquitto], None]
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
    end_at = time.monotonic() + 5
    while time.monotonic() < end_at:
        assert {phase for phase, _ in site.phases().values()} == {"Online"}
        time.sleep(0.25)
    assert offline_transitions(operator) == before, "0 false Offline"
    assert len(site.events("BrokerUnreachable")) == told + 1


def publish_boot(site: BrokeredSite, boot: str) -> None:
    """Say which start of the broker this is, as its agent does."""
    words = [*site.broker.arguments(logins.BROKER_AGENT), "-t", topics.BROKER_BOOT, "-m", boot, "-q", "1", "-r"]
    subprocess.run([str(site.broker.programs / "mosquitto_pub"), *words], check=True, timeout=20)


def test_wills_of_a_broker_that_is_stopped_mean_nothing_though_its_new_boot_id_is_late(
    site: BrokeredSite, operator: OperatorProcess, alive: list[WireDevice]
) -> None:
    publish_boot(site, "first")
    before = offline_transitions(operator)
    site.broker.stop()
    site.broker.start()
    site.await_broker()
    time.sleep(1)
    publish_boot(site, "second")
    time.sleep(3)
    assert {phase for phase, _ in site.phases().values()} == {"Online"}
    for device in alive:
        device.close()
        device.connect()
    assert offline_transitions(operator) == before


def test_will_that_came_while_the_operator_was_cut_off_is_believed(
    site: BrokeredSite, operator: OperatorProcess, alive: list[WireDevice]
) -> None:
    publish_boot(site, "third")
    operator.stop()
    alive[0].vanish()
    operator.start().await_leading()
    site.await_phase(NAMES[0], "Offline", None, 15)


def test_devices_that_do_not_come_back_expire(
    site: BrokeredSite, operator: OperatorProcess, alive: list[WireDevice]
) -> None:
    site.broker.kill()
    site.await_broker("False", 5)
    site.broker.start()
    site.await_broker()
    alive[0].close()
    alive[0].connect()
    alive[0].beat_for(5)
    site.await_phase(NAMES[1], "Offline", "HeartbeatExpired", 10)
    assert site.status(NAMES[0])["phase"] == "Online"


def test_broker_that_stays_away_makes_its_devices_unknown(
    site: BrokeredSite, operator: OperatorProcess, alive: list[WireDevice]
) -> None:
    before = offline_transitions(operator)
    site.broker.kill()
    began = time.monotonic()
    for name in NAMES:
        site.await_phase(name, "Unknown", "SiteUnreachable", 45)
    assert time.monotonic() - began > 25
    assert offline_transitions(operator) == before
    eventually("figures", lambda: site.sites.status("plant")["devices"]["unknown"] == len(NAMES), 40)
    site.broker.start()
    site.await_broker()
    for device in alive:
        device.close()
        device.connect()
    site.await_all("Online", len(NAMES))
