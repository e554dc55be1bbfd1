"""Writes of liveness under difficulties: an unreachable API server, other writers."""

import threading
import time
from collections.abc import Iterator

import pytest
from kubernetes import client

from e2e.cluster.audit import AuditCursor
from e2e.cluster.controlplane import ControlPlane
from tests.support.brokered import BrokeredSite, brokered
from tests.support.mosquitto import MosquittoFactory
from tests.support.processes import OperatorFactory, OperatorProcess, eventually
from tests.support.sites import Sites
from tests.support.wire_device import WireDevice
from tests.support.writes import OperatorWrites

DEVICES = ("steady", "dying", "coming", "busy", "seen")
REFRESH_SECONDS = 2.0
BEATS = 8


@pytest.fixture(scope="module")
def site(
    make_operator: OperatorFactory, module_mosquitto: MosquittoFactory, namespace: str, api: client.ApiClient
) -> Iterator[BrokeredSite]:
    with brokered(Sites.of(api, namespace), "hall", module_mosquitto(DEVICES)) as site:
        site.apply()
        yield site


@pytest.fixture(scope="module")
def operator(site: BrokeredSite, make_operator: OperatorFactory) -> OperatorProcess:
    return site.lead(make_operator)


def test_changes_without_the_api_server_are_written_later(
    site: BrokeredSite, operator: OperatorProcess, control_plane: ControlPlane
) -> None:
    for name in ("steady", "dying", "coming"):
        site.devices.apply(name)
        site.await_phase(name, "Unknown")
    steady, dying = site.wire("steady").connect(), site.wire("dying").connect()
    site.await_phase("dying", "Online")
    since = site.await_phase("steady", "Online")["connectivity"]["sinceTime"]
    decided = operator.metric("edge_device_transitions_total")
    control_plane.stop_apiserver(grace=0)
    try:
        eventually("the gate is closed", lambda: operator.metric("edge_leader") == 0, 15)
        dying.sign_off()
        site.wire("coming").connect()
        eventually("decided", lambda: operator.metric("edge_device_transitions_total") == decided + 2, 5)
        assert operator.metric("edge_broker_sessions_connected") == 1, "nobody else leads: the session stays"
        send_heartbeats(steady, operator, BEATS)
    finally:
        control_plane.start_apiserver()
    site.await_phase("dying", "Offline", "Disconnected", 30)
    site.await_phase("coming", "Online", "HeartbeatReceived", 30)
    assert site.status("steady")["connectivity"]["sinceTime"] == since


def send_heartbeats(device: WireDevice, operator: OperatorProcess, count: int) -> None:
    """Send heartbeats of a device until the operator has received `count` more."""
    heard = operator.metric("edge_broker_messages_total", kind="status")

    def enough() -> bool:
        device.beat()
        return operator.metric("edge_broker_messages_total", kind="status") >= heard + count

    eventually(f"{count} messages were heard", enough, 20, pause=0.25)


def test_others_who_write_delay_nothing_and_are_not_overwritten(site: BrokeredSite, operator: OperatorProcess) -> None:
    site.devices.apply("busy")
    busy, done = site.wire("busy"), threading.Event()
    labels = {"count": "0"}

    def label() -> None:
        while not done.is_set():
            labels["count"] = str(int(labels["count"]) + 1)
            site.sites.api.merge(site.devices.path("busy"), {"metadata": {"labels": dict(labels)}})

    editor = threading.Thread(target=label)
    editor.start()
    try:
        for _ in range(5):
            busy.connect()
            site.await_phase("busy", "Online")
            busy.sign_off()
            site.await_phase("busy", "Offline", "Disconnected")
    finally:
        done.set()
        editor.join()
    assert site.devices.get("busy")["metadata"]["labels"]["count"] == labels["count"]


def test_only_the_own_fields_are_owned(site: BrokeredSite) -> None:
    managers = {
        entry["manager"]: entry["fieldsV1"]["f:status"]
        for entry in site.devices.get("busy")["metadata"]["managedFields"]
        if entry.get("subresource") == "status"
    }
    assert set(managers) == {"edge-stack", "edge-stack-liveness"}
    assert set(managers["edge-stack-liveness"]) == {"f:phase", "f:connectivity", "f:reported", "f:conditions"}
    assert set(managers["edge-stack-liveness"]["f:conditions"]) == {'k:{"type":"Connected"}'}
    assert not {"f:phase", "f:connectivity"} & set(managers["edge-stack"])


def test_time_of_being_seen_is_refreshed_coarsely(
    site: BrokeredSite, operator: OperatorProcess, make_operator: OperatorFactory, audit: AuditCursor, namespace: str
) -> None:
    operator.stop()
    quick = site.lead(make_operator, EDGE_LAST_SEEN_SECONDS=f"{REFRESH_SECONDS:g}")
    site.devices.apply("seen")
    seen = site.wire("seen").connect()
    first = site.await_phase("seen", "Online")["connectivity"]["lastSeenTime"]
    writes = OperatorWrites(audit, namespace)
    writes.restart()
    began, refreshed = time.monotonic(), quick.metric("edge_liveness_writes_total", kind="refresh")

    def twice() -> bool:
        seen.beat()
        return quick.metric("edge_liveness_writes_total", kind="refresh") >= refreshed + 2

    eventually("refreshed twice", twice, pause=0.25)
    assert site.status("seen")["connectivity"]["lastSeenTime"] > first
    written = [event for event in writes.all() if event.name == "seen"]
    assert 2 <= len(written) <= (time.monotonic() - began) / REFRESH_SECONDS + 1
    quick.stop()


def test_time_of_being_seen_can_be_left_alone(
    site: BrokeredSite, make_operator: OperatorFactory, audit: AuditCursor, namespace: str
) -> None:
    never = site.lead(make_operator, EDGE_LAST_SEEN_SECONDS="0")
    eventually("heard", lambda: never.metric("edge_broker_messages_total", kind="status") > 0)
    writes = OperatorWrites(audit, namespace)
    writes.await_quiet()
    writes.restart()
    send_heartbeats(site.wire("seen").connect(), never, BEATS)
    lines = never.get("/metrics")[1].splitlines()
    told = [line for line in lines if line.startswith(("edge_device_transitions", "edge_liveness_writes"))]
    assert [event for event in writes.all() if event.resource == "edgedevices"] == [], (told, never.messages())
    assert never.metric("edge_liveness_writes_total", kind="refresh") == 0
