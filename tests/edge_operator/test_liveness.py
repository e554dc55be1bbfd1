"""The liveness of devices as `kubectl get edgedevices` shows it: every transition, on a real broker and API server."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from kubernetes import client

from edge_operator.status.device_counts import DeviceCounts
from tests.support.brokered import FENCE, BrokeredSite, brokered
from tests.support.fence import Fence
from tests.support.mosquitto import MosquittoFactory
from tests.support.processes import OperatorFactory, OperatorProcess, eventually
from tests.support.sites import Sites
from tests.support.wire_device import FIRMWARE, WireDevice

DEVICES = (
    "pump",
    "fan",
    "lamp",
    "cam",
    "bare",
    "late",
    "reset",
    "sleeper",
    "ghost",
    "again",
    "bad",
    "spare",
    "roamer",
    "lamp-2",
    FENCE,
)
EXPIRY_SECONDS = 3.0
"""`offlineAfter` of the device that expires."""


@pytest.fixture(scope="module")
def site(
    make_operator: OperatorFactory, module_mosquitto: MosquittoFactory, namespace: str, api: client.ApiClient
) -> Iterator[BrokeredSite]:
    with brokered(Sites.of(api, namespace), "hall", module_mosquitto(DEVICES)) as site:
        site.apply()
        yield site


@pytest.fixture(scope="module")
def operator(site: BrokeredSite, make_operator: OperatorFactory) -> OperatorProcess:
    return site.lead(make_operator, EDGE_FIGURES_SECONDS="1")


@pytest.fixture(scope="module")
def fence(site: BrokeredSite, operator: OperatorProcess) -> Fence:
    return Fence(site)


@pytest.fixture(scope="module", autouse=True)
def ghost(site: BrokeredSite, operator: OperatorProcess) -> WireDevice:
    """A device on the broker that there is no EdgeDevice of: it has ten seconds to turn up, while other tests run."""
    ghost = site.wire("ghost").connect()
    assert site.broker.retained(ghost.topic)
    return ghost


def test_connected_broker_is_reported(site: BrokeredSite) -> None:
    condition = site.await_broker()
    assert condition["reason"] == "Connected"
    assert str(site.broker.layout.components) in condition["message"]


def test_from_birth_to_sign_off(site: BrokeredSite) -> None:
    site.devices.apply("pump")
    site.await_phase("pump", "Unknown", "NotYetSeen")
    assert site.devices.condition("pump", "Connected")[0] == "Unknown"
    pump = site.wire("pump").connect()
    status = site.await_phase("pump", "Online", "HeartbeatReceived")
    assert site.devices.condition("pump", "Connected")[0] == "True"
    assert status["connectivity"]["session"] == "1"
    assert status["connectivity"]["lastSeenTime"]
    assert status["reported"]["firmware"] == FIRMWARE
    began = time.monotonic()
    pump.sign_off()
    site.await_phase("pump", "Offline", "Disconnected")
    assert time.monotonic() - began < 2.0
    assert site.devices.condition("pump", "Connected")[:2] == ("False", "Disconnected")
    assert site.devices.condition("pump", "Ready")[0] == "True", "being offline is no fault of the configuration"


@dataclass(frozen=True)
class Wills:
    """What was seen while wills were held.

    Attributes:
        held: seconds from the loss of `fan` until it was Offline.
        since: `sinceTime` of `cam` before its connection was lost.
        believed: how many devices turned Offline for their wills.
    """

    held: float
    since: str
    believed: float


@pytest.fixture(scope="module")
def wills(site: BrokeredSite, operator: OperatorProcess) -> Wills:
    """Four devices with a will that means nothing, and one after them whose will counts: then theirs would have."""
    site.devices.apply("sleeper", presence="Intermittent")
    for name in ("cam", "late", "roamer", "fan"):
        site.devices.apply(name)
    for name in ("cam", "sleeper", "fan"):
        site.wire(name).connect()
    late = site.wire("late", session="2").connect()
    roamer = site.wire("roamer").connect()
    for name in ("sleeper", "late", "roamer", "fan"):
        site.await_phase(name, "Online")
    since = site.await_phase("cam", "Online")["connectivity"]["sinceTime"]
    before = operator.metric("edge_device_transitions_total", reason="LastWill")
    cam, sleeper, fan = (site.wired(name) for name in ("cam", "sleeper", "fan"))
    cam.vanish()
    cam.session = "2"
    cam.connect()
    late.publish(late.payload("offline", session="1", reason="LastWill"))
    sleeper.vanish()
    site.wire("roamer", session="2").connect()
    eventually("taken over", lambda: re.search("roamer .*session taken over", site.broker.log.read_text()))
    roamer.close()
    begun = time.monotonic()
    fan.vanish()
    site.await_phase("fan", "Offline", "LastWill")
    held = time.monotonic() - begun
    return Wills(held, since, operator.metric("edge_device_transitions_total", reason="LastWill") - before)


def test_will_is_believed_after_its_grace(site: BrokeredSite, wills: Wills) -> None:
    assert 2.5 < wills.held < 6.0
    assert wills.believed == 1
    told = eventually("an Event", lambda: [each for each in site.events("LastWill") if "Offline" in each["note"]])
    assert told[0]["type"] == "Warning"
    assert told[0]["regarding"]["name"] == "fan"


def test_will_is_dropped_where_the_device_comes_back(site: BrokeredSite, wills: Wills) -> None:
    status = site.status("cam")
    assert (status["phase"], status["connectivity"]["sinceTime"]) == ("Online", wills.since)


def test_late_will_of_an_older_session_means_nothing(site: BrokeredSite, wills: Wills) -> None:
    assert site.status("late")["phase"] == "Online"


def test_will_of_a_connection_that_was_taken_over_comes_late_and_is_ignored(site: BrokeredSite, wills: Wills) -> None:
    """The broker publishes the old connection's will behind, or before, the birth on the new one."""
    assert site.status("roamer")["phase"] == "Online"


def test_intermittent_device_may_sleep(site: BrokeredSite, wills: Wills) -> None:
    assert site.status("sleeper")["phase"] == "Online"
    site.devices.apply("sleeper", presence="Intermittent", offlineAfter="2s")
    site.await_phase("sleeper", "Offline", "HeartbeatExpired")


def test_silence_expires(site: BrokeredSite) -> None:
    site.devices.apply("lamp", offlineAfter=f"{EXPIRY_SECONDS:g}s")
    lamp = site.wire("lamp").connect()
    site.await_phase("lamp", "Online")
    lamp.beat_for(EXPIRY_SECONDS + 1, 0.2)
    assert site.status("lamp")["phase"] == "Online"
    began = time.monotonic()
    site.await_phase("lamp", "Offline", "HeartbeatExpired")
    assert EXPIRY_SECONDS - 0.5 < time.monotonic() - began < EXPIRY_SECONDS + 2
    lamp.beat()
    site.await_phase("lamp", "Online", "HeartbeatReceived")


def test_bare_words_are_understood(site: BrokeredSite) -> None:
    site.devices.apply("bare")
    bare = site.wire("bare").connect(birth=False)
    bare.publish(b"online")
    site.await_phase("bare", "Online")
    bare.publish(b"offline")
    site.await_phase("bare", "Offline", "LastWill")


def test_device_that_was_reset_to_its_first_session_is_believed(site: BrokeredSite) -> None:
    site.devices.apply("reset")
    reset = site.wire("reset", session="9").connect()
    site.await_phase("reset", "Online")
    reset.session = "1"
    reset.beat()
    reset.sign_off()
    site.await_phase("reset", "Offline", "Disconnected")


def test_disabled_device_is_reported_and_can_be_enabled_again(site: BrokeredSite) -> None:
    site.devices.apply("spare", disabled=True)
    site.await_phase("spare", "Disabled", "Disabled")
    site.devices.apply("spare")
    site.await_phase("spare", "Unknown", "NotYetSeen")


def test_device_without_a_site_is_pending(site: BrokeredSite) -> None:
    nowhere = BrokeredSite(site.sites, "nowhere", site.broker)
    nowhere.devices.apply("lost")
    nowhere.await_phase("lost", "Pending", "CredentialsPending")


def test_recreated_device_does_not_inherit_and_its_ghost_is_cleared(site: BrokeredSite, fence: Fence) -> None:
    site.devices.apply("again")
    again = site.wire("again").connect()
    site.await_phase("again", "Online")
    again.close()
    site.devices.delete("again")
    site.devices.apply("again")
    # The Secret of the one before goes by garbage collection, which takes long on a control plane that has just begun.
    site.await_phase("again", "Unknown", "NotYetSeen", 60)
    fence.messages()
    assert site.status("again")["phase"] == "Unknown"


def test_retained_status_of_an_unknown_device_is_cleared(site: BrokeredSite, ghost: WireDevice) -> None:
    eventually("cleared", lambda: site.broker.retained(ghost.topic) == {})


def test_retained_status_of_a_deleted_device_is_cleared(site: BrokeredSite) -> None:
    site.devices.apply("lamp-2")
    lamp = site.wire("lamp-2").connect()
    site.await_phase("lamp-2", "Online")
    assert site.broker.retained(lamp.topic)
    lamp.close()
    site.devices.delete("lamp-2")
    eventually("cleared", lambda: site.broker.retained(lamp.topic) == {}, 20)


def test_figures_of_the_site(site: BrokeredSite, fence: Fence) -> None:
    fence.messages()
    phases = [*(phase for phase, _ in site.phases().values()), "Offline"]
    online, offline = phases.count("Online"), phases.count("Offline")
    site.await_counts(DeviceCounts(len(phases), online, offline, len(phases) - online - offline))


def test_edited_phase_is_put_back(site: BrokeredSite) -> None:
    site.await_phase("late", "Online")
    site.sites.api.merge(site.devices.path("late") + "/status", {"status": {"phase": "Offline"}})
    site.await_phase("late", "Online")


def test_metrics(operator: OperatorProcess) -> None:
    assert operator.metric("edge_broker_sessions_connected") == 1
    assert operator.metric("edge_broker_messages_total", kind="status") > 0
    assert operator.metric("edge_device_transitions_total", reason="LastWill") >= 2
    assert operator.metric("edge_liveness_writes_total", kind="transition") > 0
    assert operator.metric("edge_devices_phase", phase="Online") > 0
