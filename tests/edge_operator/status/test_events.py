"""Which transitions deserve an Event: a table of named cases for each kind of transition."""

from typing import Any

import pytest

from edge_liveness import Phase, Reason, Transition
from edge_operator.status.connectivity import Connectivity
from edge_operator.status.device import DeviceFacts, device_update
from edge_operator.status.events import (
    Event,
    connectivity_events,
    device_events,
    mass_disconnect_event,
    site_events,
    summary_event,
)
from edge_operator.status.facts import Notice, Problem

Status = dict[str, Any]
LOST = Notice("RootSecretMadeAnew", "the root Secret was lost")
CONNECTED = {"type": "BrokerConnected", "status": "True", "reason": "Connected", "message": "connected"}
AWAY = {"type": "BrokerConnected", "status": "False", "reason": "BrokerUnreachable", "message": "no route"}
UNKNOWN = {"type": "BrokerConnected", "status": "Unknown", "reason": "NotObserved", "message": "not yet"}


def site(phase: str, reason: str, message: str = "m", *more: Status) -> Status:
    return {"phase": phase, "conditions": [{"type": "Ready", "reason": reason, "message": message}, *more]}


DROPS = {"type": "BrokerDropping", "status": "True", "reason": "QueueFull", "message": "dropped 3 messages"}
FULL = {"type": "StorageFull", "status": "True", "reason": "StoreNotWritable", "message": "disk full"}


def lost(message: str) -> Status:
    return {"type": "BrokerDataLost", "status": "True", "reason": "DatabaseDamaged", "message": message}


def cloud(status: str, reason: str, message: str = "m") -> Status:
    return {"type": "CloudConnected", "status": status, "reason": reason, "message": message}


NO_CLOUD, CLOUD_UNKNOWN = cloud("False", "NotConfigured"), cloud("Unknown", "NotObserved")
CLOUD_UP, CLOUD_AWAY = cloud("True", "Connected", "connected to the cloud"), cloud("False", "CloudUnreachable", "away")
NO_SECRET = cloud("False", "SinkSecretUnusable", "create it")
KAFKA_AWAY = {"type": "KafkaConnected", "status": "False", "reason": "KafkaUnreachable", "message": "no broker"}


def sinks(*entries: Status) -> Status:
    return {**site("Ready", "R"), "sinks": list(entries)}


def alert_sink(*, connected: bool, **more: Any) -> Status:
    return {"name": "webhook", "connected": connected, "pending": 0, "deadLetters": 0, **more}


WEBHOOK_UP, WEBHOOK_AWAY = alert_sink(connected=True), alert_sink(connected=False, pending=2, lastError="503")
ALERTS_STUCK = Event(
    "Warning",
    "AlertsNotDelivered",
    "cannot deliver to webhook: 503; 2 alerts wait: check spec.alerting and the network",
)
CLOUD_STUCK = Event("Warning", "CloudUnreachable", "away")

SITES: dict[str, tuple[Status, Status, tuple[Event, ...]]] = {
    "the broker drops messages": (
        site("Ready", "Reconciled"),
        site("Ready", "Reconciled", "m", DROPS),
        (Event("Warning", "QueueFull", "dropped 3 messages"),),
    ),
    "the broker drops more": (
        site("Ready", "Reconciled", "m", DROPS),
        site("Ready", "Reconciled", "m", DROPS | {"message": "dropped 52892 messages"}),
        (),
    ),
    "the store is full": (
        site("Ready", "Reconciled"),
        site("Ready", "Reconciled", "m", FULL),
        (Event("Warning", "StoreNotWritable", "disk full"),),
    ),
    "the store is still full": (
        site("Ready", "Reconciled", "m", FULL),
        site("Ready", "Reconciled", "m", FULL | {"message": "disk full since noon"}),
        (),
    ),
    "the store has space again": (site("Ready", "Reconciled", "m", FULL), site("Ready", "Reconciled"), ()),
    "first": (
        {},
        site("Progressing", "ComponentsNotReady"),
        (Event("Normal", "ComponentsNotReady", "Progressing: m"),),
    ),
    "the same": (site("Ready", "Reconciled"), site("Ready", "Reconciled"), ()),
    "another message": (site("Ready", "Reconciled"), site("Ready", "Reconciled", "other"), ()),
    "another phase": (
        site("Progressing", "X"),
        site("Ready", "Reconciled"),
        (Event("Normal", "Reconciled", "Ready: m"),),
    ),
    "another phase for the same reason": (
        site("Progressing", "X"),
        site("Degraded", "X"),
        (Event("Warning", "X", "Degraded: m"),),
    ),
    "another reason": (site("Progressing", "X"), site("Progressing", "Y"), (Event("Normal", "Y", "Progressing: m"),)),
    "degraded": (site("Ready", "Reconciled"), site("Degraded", "X"), (Event("Warning", "X", "Degraded: m"),)),
    "a pod does not run": (
        site("Progressing", "ComponentsNotReady"),
        site("Progressing", "ImageUnavailable", "no image"),
        (Event("Normal", "ImageUnavailable", "Progressing: no image"),),
    ),
    "it starts": (site("Progressing", "ImageUnavailable"), site("Progressing", "ComponentsNotReady", "0/1 ready"), ()),
    "it starts, and the site ran before": (
        site("Degraded", "ImageUnavailable"),
        site("Progressing", "ComponentsNotReady", "0/1 ready"),
        (Event("Normal", "ComponentsNotReady", "Progressing: 0/1 ready"),),
    ),
    "broker lost data": (
        site("Ready", "Reconciled"),
        site("Ready", "Reconciled", "m", lost("at nine")),
        (Event("Warning", "DatabaseDamaged", "at nine"),),
    ),
    "broker lost data again": (
        site("Ready", "Reconciled", "m", lost("at nine")),
        site("Ready", "Reconciled", "m", lost("at ten")),
        (Event("Warning", "DatabaseDamaged", "at ten"),),
    ),
    "broker had lost data": (
        site("Ready", "Reconciled", "m", lost("at nine")),
        site("Ready", "Reconciled", "m", lost("at nine")),
        (),
    ),
    "lost data is over": (site("Ready", "Reconciled", "m", lost("at nine")), site("Ready", "Reconciled"), ()),
    "broker lost": (
        site("Ready", "R", "m", CONNECTED),
        site("Ready", "R", "m", AWAY),
        (Event("Warning", "BrokerUnreachable", "no route"),),
    ),
    "broker lost and degraded": (
        site("Ready", "R", "m", CONNECTED),
        site("Degraded", "X", "m", AWAY),
        (Event("Warning", "BrokerUnreachable", "no route"), Event("Warning", "X", "Degraded: m")),
    ),
    "broker found": (site("Ready", "R", "m", AWAY), site("Ready", "R", "m", CONNECTED), ()),
    "broker still away": (site("Ready", "R", "m", AWAY), site("Ready", "R", "m", AWAY), ()),
    "broker never reached": (site("Ready", "R"), site("Ready", "R", "m", AWAY), ()),
    "cloud lost": (site("Ready", "R", "m", CLOUD_UP), site("Ready", "R", "m", CLOUD_AWAY), (CLOUD_STUCK,)),
    "cloud found": (
        site("Ready", "R", "m", CLOUD_AWAY),
        site("Ready", "R", "m", CLOUD_UP),
        (Event("Normal", "Connected", "connected to the cloud"),),
    ),
    "cloud still away": (
        site("Ready", "R", "m", CLOUD_AWAY),
        site("Ready", "R", "m", CLOUD_AWAY | {"message": "more wait"}),
        (),
    ),
    "cloud still connected": (
        site("Ready", "R", "m", CLOUD_UP),
        site("Ready", "R", "m", CLOUD_UP | {"message": "more wait"}),
        (),
    ),
    "cloud never reached": (
        site("Ready", "R", "m", CLOUD_UNKNOWN),
        site("Ready", "R", "m", CLOUD_AWAY),
        (CLOUD_STUCK,),
    ),
    "cloud configured": (site("Ready", "R", "m", NO_CLOUD), site("Ready", "R", "m", CLOUD_UNKNOWN), ()),
    "cloud configured, and connected": (site("Ready", "R", "m", NO_CLOUD), site("Ready", "R", "m", CLOUD_UP), ()),
    "cloud configured, and away": (
        site("Ready", "R", "m", NO_CLOUD),
        site("Ready", "R", "m", CLOUD_AWAY),
        (CLOUD_STUCK,),
    ),
    "cloud removed": (site("Ready", "R", "m", CLOUD_UP), site("Ready", "R", "m", NO_CLOUD), ()),
    "cloud removed while away": (site("Ready", "R", "m", CLOUD_AWAY), site("Ready", "R", "m", NO_CLOUD), ()),
    "cloud away for another reason": (
        site("Ready", "R", "m", CLOUD_AWAY),
        site("Ready", "R", "m", NO_SECRET),
        (Event("Warning", "SinkSecretUnusable", "create it"),),
    ),
    "Kafka lost": (
        site("Ready", "R"),
        site("Ready", "R", "m", KAFKA_AWAY),
        (Event("Warning", "KafkaUnreachable", "no broker"),),
    ),
    "sink of alerts lost": (sinks(WEBHOOK_UP), sinks(WEBHOOK_AWAY), (ALERTS_STUCK,)),
    "sink of alerts never reached": (sinks(), sinks(WEBHOOK_AWAY), (ALERTS_STUCK,)),
    "sink of alerts found": (
        sinks(WEBHOOK_AWAY),
        sinks(WEBHOOK_UP),
        (Event("Normal", "AlertsDelivered", "connected to webhook; no alert waits"),),
    ),
    "sink of alerts configured": (sinks(), sinks(WEBHOOK_UP), ()),
    "sink of alerts still away": (sinks(WEBHOOK_AWAY), sinks(WEBHOOK_AWAY | {"pending": 9}), ()),
    "sink of readings has a condition": (sinks(), sinks(WEBHOOK_AWAY | {"name": "cloud"}), ()),
    "broker unknown": (site("Ready", "R", "m", CONNECTED), site("Ready", "R", "m", UNKNOWN), ()),
}


@pytest.mark.parametrize(("before", "after", "expected"), SITES.values(), ids=SITES)
def test_events_of_a_site(before: Status, after: Status, expected: tuple[Event, ...]) -> None:
    assert site_events(before, after) == expected


NOTICES: dict[str, tuple[Status, tuple[Event, ...]]] = {
    "new": (site("Ready", "R"), (Event("Warning", LOST.reason, LOST.message),)),
    "no status before": ({"phase": "Ready"}, (Event("Warning", LOST.reason, LOST.message),)),
    "told before": (site("Ready", "R", f"well; {LOST.message}; and more"), ()),
}


@pytest.mark.parametrize(("before", "expected"), NOTICES.values(), ids=NOTICES)
def test_events_of_a_notice(before: Status, expected: tuple[Event, ...]) -> None:
    found = site_events(before, site("Ready", "R", f"well; {LOST.message}"), [LOST])
    assert [event for event in found if event.reason == LOST.reason] == [*expected]


def device(*problems: Problem) -> Status:
    update = device_update(DeviceFacts(1, "pump", problems=problems), {}, "2026-07-01T12:00:00Z")
    assert update is not None
    return update


NOT_FOUND = Problem("SiteNotFound", "m")
DEVICES: dict[str, tuple[Status, Status, tuple[Event, ...]]] = {
    "somebody has to act": ({}, device(NOT_FOUND), (Event("Warning", "SiteNotFound", "m"),)),
    "somebody has to act, after its first message": (
        {"phase": "Online"},
        device(NOT_FOUND),
        (Event("Warning", "SiteNotFound", "m"),),
    ),
    "the same": (device(NOT_FOUND), device(NOT_FOUND), ()),
    "it waits": ({}, device(Problem("SiteNotReconciled", "m", lasting=False)), ()),
    "ready": ({}, device(), ()),
    "ready again": (device(NOT_FOUND), device(), ()),
}


@pytest.mark.parametrize(("before", "after", "expected"), DEVICES.values(), ids=DEVICES)
def test_events_of_a_device(before: Status, after: Status, expected: tuple[Event, ...]) -> None:
    assert device_events(before, after) == expected


ONLINE = Event("Normal", "HeartbeatReceived", "Online: the device sends messages")
WILL = Event(
    "Warning",
    "LastWill",
    "Offline: the broker lost the connection to the device: check its power and its network",
)
LEFT = Event("Normal", "Disconnected", "Offline: the device disconnected in good order")
EXPIRED = Event("Warning", "HeartbeatExpired", "Offline: no message of the device arrived for offlineAfter")
LIVENESS: dict[str, tuple[Phase, Phase, Reason, tuple[Event, ...]]] = {
    "first message": (Phase.PENDING, Phase.ONLINE, Reason.HEARTBEAT_RECEIVED, (ONLINE,)),
    "online again": (Phase.OFFLINE, Phase.ONLINE, Reason.HEARTBEAT_RECEIVED, (ONLINE,)),
    "the broker is back": (Phase.UNKNOWN, Phase.ONLINE, Reason.HEARTBEAT_RECEIVED, ()),
    "last will": (Phase.ONLINE, Phase.OFFLINE, Reason.LAST_WILL, (WILL,)),
    "disconnected": (Phase.ONLINE, Phase.OFFLINE, Reason.DISCONNECTED, (LEFT,)),
    "expired": (Phase.UNKNOWN, Phase.OFFLINE, Reason.HEARTBEAT_EXPIRED, (EXPIRED,)),
    "broker lost": (Phase.ONLINE, Phase.UNKNOWN, Reason.SITE_UNREACHABLE, ()),
}


def transition(previous: Phase, phase: Phase, reason: Reason, *, is_site_wide: bool = False) -> Transition:
    return Transition("pump", previous, phase, reason, 0.0, None, None, is_site_wide)


@pytest.mark.parametrize(("previous", "phase", "reason", "expected"), LIVENESS.values(), ids=LIVENESS)
def test_events_of_a_transition(previous: Phase, phase: Phase, reason: Reason, expected: tuple[Event, ...]) -> None:
    assert connectivity_events(transition(previous, phase, reason), Connectivity(phase, reason, "then")) == expected


OVERTAKEN = {
    "the cause is the site's": (
        transition(Phase.ONLINE, Phase.OFFLINE, Reason.LAST_WILL, is_site_wide=True),
        "Offline",
    ),
    "online again already": (transition(Phase.ONLINE, Phase.OFFLINE, Reason.LAST_WILL), "Online"),
    "offline for another reason": (transition(Phase.ONLINE, Phase.OFFLINE, Reason.DISCONNECTED), "Offline"),
}


@pytest.mark.parametrize(("overtaken", "phase"), OVERTAKEN.values(), ids=OVERTAKEN)
def test_transition_without_an_event(overtaken: Transition, phase: str) -> None:
    assert connectivity_events(overtaken, Connectivity(phase, "LastWill", "then")) == ()


SUMMARIES = {
    "they came": ({"HeartbeatReceived": 50}, "Normal", "50 devices are Online"),
    "nobody has to act": (
        {"HeartbeatReceived": 3, "Disconnected": 1},
        "Normal",
        "3 devices are Online; 1 device is Offline (1 Disconnected)",
    ),
    "somebody has to act": (
        {"HeartbeatReceived": 1, "LastWill": 2, "HeartbeatExpired": 7},
        "Warning",
        "1 device is Online; 9 devices are Offline (7 HeartbeatExpired, 2 LastWill)",
    ),
    "they were lost": ({"LastWill": 2}, "Warning", "2 devices are Offline (2 LastWill)"),
}


@pytest.mark.parametrize(("counts", "severity", "note"), SUMMARIES.values(), ids=SUMMARIES)
def test_event_of_many_devices(counts: dict[str, int], severity: str, note: str) -> None:
    whole = f"{note}; besides devices with an Event of their own"
    assert summary_event(counts) == Event(severity, "DevicesChanged", whole)


def test_event_of_devices_that_are_lost_at_once() -> None:
    note = "6 devices lost their connections at the same time: check the gateway and the network of the site"
    assert mass_disconnect_event(6) == Event("Warning", "MassLastWill", note)
