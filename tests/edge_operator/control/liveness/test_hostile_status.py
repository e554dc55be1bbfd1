"""A status that somebody else wrote, and a spec from under an earlier CRD: they end nothing, and are put right."""

import itertools
import json
from typing import Any

import pytest

from edge_liveness import Phase, Reason
from edge_operator.control.cache.resource_cache import DeviceCache, SiteCache
from edge_operator.control.liveness.device_index import DeviceIndex
from edge_operator.control.liveness.site_adapter import SiteLivenessAdapter
from edge_operator.status.connectivity import connectivity_update
from tests.edge_operator.control.samples import SITE, Time, device, message, site

PUMP = (SITE[0], "pump")
TIMES = (
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "0000-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-14:00",
    "2026-11-25T12:00:00.123456789+05:30",
    "2026-11-25 12:00:00Z",
    "2016-12-31T23:59:60Z",
    "2026-11-25",
    "",
)
PHASES = (*Phase, "")
REASONS = (*Reason, "CredentialsPending", "Nonsense")


def _told(status: dict[str, Any], *, has_login: bool, waits: int) -> tuple[str, str]:
    """Return what a leader that starts with this status reports after a message of the device.

    Args:
        status: what it begins with.
        has_login: whether the device has its login.
        waits: minutes until the broker is reached.
    """
    time, sites, devices = Time(), SiteCache(lambda *_: None), DeviceCache(lambda *_: None)
    sites.put(site().body)
    devices.put(device(status=status, has_login=has_login).body)
    index = DeviceIndex(sites, devices, time.clocks)
    life = index.site(SITE)
    assert life is not None
    for _ in range(waits):
        time.at += 60.0
        life.tick()
        said = index.refresh(PUMP)
        assert said is not None
        connectivity_update(said, status, 1, "now")
    life.on_connected()
    life.on_message(message("devices/pump/status", b"online"))
    said = index.refresh(PUMP)
    assert said is not None
    connectivity_update(said, status, 1, "now")
    return said.phase, said.reason


@pytest.mark.parametrize("since", TIMES)
@pytest.mark.parametrize("has_login", [True, False])
@pytest.mark.parametrize("waits", [0, 2])
def test_no_status_ends_the_operator_or_outlives_a_heartbeat(since: str, waits: int, *, has_login: bool) -> None:
    for phase, reason, seen in itertools.product(PHASES, REASONS, TIMES):
        connectivity = {"reason": reason, "sinceTime": since, "lastSeenTime": seen, "session": "x"}
        status = {"phase": phase, "connectivity": connectivity, "reported": {"foo": "\x1b[31m"}}
        assert _told(status, has_login=has_login, waits=waits) == ("Online", "HeartbeatReceived"), status


@pytest.mark.parametrize("reply", [True, False])
@pytest.mark.parametrize("lag", [0.0, 5e8, 1e12, 1e300])
@pytest.mark.parametrize("age", [5e8, 1e9, 1e11, 1e300, -1e300])
def test_no_age_in_a_digest_ends_the_operator(age: float, lag: float, *, reply: bool) -> None:
    time, sites, devices = Time(), SiteCache(lambda *_: None), DeviceCache(lambda *_: None)
    sites.put(site().body)
    devices.put(device().body)
    index = DeviceIndex(sites, devices, time.clocks)
    life = index.site(SITE)
    assert life is not None
    digest = {"source": "x", "is_reply": reply, "queue_lag_seconds": lag, "ages": {"pump": age}}
    life.on_connected()
    life.on_message(message("devices/pump/status", b"online", retain=True))
    life.on_message(message("edge/activity", json.dumps(digest).encode()))
    for _ in range(5):
        time.at += 100.0
        life.tick()
        said = index.refresh(PUMP)
        assert said is not None
        connectivity_update(said, {}, 1, "now")


def test_digest_that_was_kept_by_the_broker_says_nothing() -> None:
    time = Time()
    life = SiteLivenessAdapter(site(), time.clocks)
    life.put(device())
    life.on_connected()
    digest = json.dumps({"source": "x", "queue_lag_seconds": 0.0, "ages": {"pump": 0.1}}).encode()
    life.on_message(message("edge/activity", digest, retain=True))
    assert _phase(life) is Phase.PENDING
    life.on_message(message("edge/activity", digest))
    assert _phase(life) is Phase.ONLINE


@pytest.mark.parametrize("nonsense", ["soon", "", "-5s", 30, {}, None])
def test_spec_that_was_stored_under_other_rules_counts_as_not_given(nonsense: Any) -> None:
    time = Time()
    devices: dict[str, Any] = {"heartbeatInterval": nonsense, "offlineAfter": nonsense}
    life = SiteLivenessAdapter(site(devices=devices), time.clocks)
    pump = device(**devices, presence=nonsense, credentials={"switchAfter": nonsense})
    life.put(pump)
    assert pump.switch_after == 300.0
    assert device(credentials={"switchAfter": "0s"}).switch_after == 0.0
    life.on_connected()
    life.on_message(message("devices/pump/status", b"online"))
    time.at += 299.0
    life.tick()
    assert _phase(life) is Phase.ONLINE
    time.at += 2.0
    life.tick()
    assert _phase(life) is Phase.OFFLINE


def _phase(life: SiteLivenessAdapter) -> Phase:
    known = life.known("pump")
    assert known is not None
    return known.phase
