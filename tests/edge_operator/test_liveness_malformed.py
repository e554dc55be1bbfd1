"""Statuses that cannot be read, of every kind: heartbeats, counted by reason, shown by one condition and one Event."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes import client

from edge_liveness.events import MIN_PAUSE_SECONDS
from edge_operator.status.status_fault import REASONS
from edge_wire.messages import DeviceStatus
from tests.support.brokered import BrokeredSite, brokered
from tests.support.mosquitto import MosquittoFactory
from tests.support.processes import OperatorFactory, OperatorProcess, eventually
from tests.support.sites import Sites

DEVICE = "pump"
KINDS = 120
VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1.5,
    10**30,
    "",
    "x" * 1000,
    [],
    [[]],
    {},
    {"a": {"b": [1]}},
    "\u0000",
    "ünï",
)
FIELDS = ("id", "status", "name", "type", "location", "metadata", "reason", "last_seen", "session")
RAW = (
    b" ",
    b"{",
    b"}",
    b"[]",
    b"null",
    b"true",
    b"NaN",
    b"Infinity",
    b"12",
    b'"on"',
    b"\xff\xfe",
    b"\x00",
    b"online!",
    b"OFF",
    b"{'status': 'online'}",
    b'{"status": "online"',
    b'{"status": online}',
    b'{"status": "onl\xff"}',
    b"[" * 10_000,
    b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    b"x" * 200_000,
    b'{"status": NaN}',
    b'\xef\xbb\xbf{"status": "online"}',
)


def payloads() -> Iterator[bytes]:
    """Yield payloads of all kinds, one field wrong or two, readable ones among them."""
    yield from RAW
    for field in FIELDS:
        for value in VALUES:
            yield json.dumps({"id": DEVICE, "status": "online", field: value}).encode()
            yield json.dumps({"id": DEVICE, "status": "offline", field: value, "more": [value]}).encode()
    for word in ("on", "Online ", "alive", "0", "1", "unknown", "DISABLED", "offline\n", "on line", "\uff2f\uff2e"):
        yield json.dumps({"id": DEVICE, "status": word}).encode()
        yield json.dumps({"id": "another", "status": "online", "name": word}).encode()
        yield json.dumps([{"id": DEVICE, "status": word}]).encode()
        yield json.dumps({"id": DEVICE, "state": word}).encode()
        yield word.encode("utf-16")


def is_unreadable_heartbeat(payload: bytes) -> bool:
    status = DeviceStatus.read(payload, DEVICE)
    return status.fault is not None and status.status != "offline"


MALFORMED = [payload for payload in payloads() if is_unreadable_heartbeat(payload)][:KINDS]


@pytest.fixture(scope="module")
def site(
    make_operator: OperatorFactory, module_mosquitto: MosquittoFactory, namespace: str, api: client.ApiClient
) -> Iterator[BrokeredSite]:
    with brokered(Sites.of(api, namespace), "hall", module_mosquitto([DEVICE])) as site:
        site.apply(devices={"heartbeatInterval": "1s", "offlineAfter": "1h"})
        yield site


@pytest.fixture(scope="module")
def operator(site: BrokeredSite, make_operator: OperatorFactory) -> OperatorProcess:
    return site.lead(make_operator)


def conditions(status: dict[str, Any]) -> dict[str, Any]:
    return {each["type"]: each for each in status["conditions"]}


def test_there_are_that_many() -> None:
    assert len(MALFORMED) == KINDS


def test_they_are_counted_and_shown_once(site: BrokeredSite, operator: OperatorProcess) -> None:
    site.devices.apply(DEVICE)
    pump = site.wire(DEVICE).connect()
    before = site.await_phase(DEVICE, "Online")
    eventually("its Event", lambda: site.events("HeartbeatReceived"))
    online_at = time.monotonic()
    eventually("a site may have another Event", lambda: time.monotonic() > online_at + 2 * MIN_PAUSE_SECONDS)
    writes = operator.metric("edge_liveness_writes_total")
    for payload in MALFORMED:
        pump.publish(payload, retain=False)
    eventually("all counted", lambda: operator.metric("edge_broker_malformed_total") >= KINDS)
    assert operator.metric("edge_broker_malformed_total") == KINDS
    assert operator.metric("edge_broker_malformed_total", reason="impersonation") > 0
    shown = eventually("StatusUnreadable", lambda: conditions(site.status(DEVICE)).get("StatusUnreadable"))
    assert shown["status"] == "True"
    assert shown["reason"] in REASONS.values()
    after = site.status(DEVICE)
    assert (after["phase"], after["connectivity"]["sinceTime"]) == ("Online", before["connectivity"]["sinceTime"])
    eventually("its Event", lambda: site.events("StatusUnreadable"))
    assert operator.metric("edge_liveness_writes_total") == writes + 1, "all these messages are one write"
    assert len(site.events("StatusUnreadable")) == 1
    assert operator.get("/healthz")[0] == 200
    assert not [line for line in operator.lines() if line["level"] in ("error", "critical")]
    pump.sign_off()
    site.await_phase(DEVICE, "Offline", "Disconnected")
