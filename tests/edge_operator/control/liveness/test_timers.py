"""The timers that the operator's settings give to all sites: taken as they are given, and by default the design's."""

import pytest

from edge_liveness import Phase
from edge_operator.control.cache.resource_cache import DeviceCache, SiteCache
from edge_operator.control.liveness.device_index import DeviceIndex
from edge_operator.control.liveness.site_adapter import SiteLivenessAdapter
from edge_operator.control.loop.throttle import Throttle
from edge_operator.control.site_broker.liveness_settings import DEFAULT_TIMERS, LivenessTimers
from tests.edge_operator.control.samples import SITE, Time, device, message, site

NAMES = [f"unit-{number}" for number in range(5)]
GIVEN = pytest.mark.parametrize(
    ("timers", "seconds"),
    [
        pytest.param(DEFAULT_TIMERS, 30.0, id="default"),
        pytest.param(LivenessTimers(unreachable_after=4.0, mass_grace=8.0, count_period=2.0), None, id="given"),
    ],
)


def online(time: Time, timers: LivenessTimers) -> SiteLivenessAdapter:
    """Return a site with Online devices; its settings were taken over a second time, as after an edit."""
    sites, devices = SiteCache(lambda *_: None), DeviceCache(lambda *_: None)
    sites.put(site().body)
    for name in NAMES:
        devices.put(device(name).body)
    index = DeviceIndex(sites, devices, time.clocks, timers)
    sites.put(site(2, devices={"offlineAfter": "1h"}).body)
    index.update_site(SITE)
    life = index.site(SITE)
    assert life is not None
    life.on_connected()
    for name in NAMES:
        life.on_message(message(f"devices/{name}/status", b"online"))
    life.tick()
    assert phases(life) == {Phase.ONLINE}
    return life


def phases(life: SiteLivenessAdapter) -> set[Phase | None]:
    known = [life.known(name) for name in NAMES]
    return {each.phase if each is not None else None for each in known}


def assert_no_longer_online(life: SiteLivenessAdapter, time: Time, wait: float, phase: Phase) -> None:
    """Assert that the devices are Online for `wait` more seconds, and in `phase` after them."""
    began = time.at
    time.at = began + wait - 0.1
    life.tick()
    assert phases(life) == {Phase.ONLINE}
    time.at = began + wait
    life.tick()
    assert phases(life) == {phase}


@GIVEN
def test_devices_are_unknown_once_the_broker_was_unreachable_for_that_time(
    timers: LivenessTimers, seconds: float | None
) -> None:
    time = Time()
    life = online(time, timers)
    life.on_disconnected()
    assert_no_longer_online(life, time, seconds or timers.unreachable_after, Phase.UNKNOWN)


@GIVEN
def test_wills_of_many_are_held_for_so_long(timers: LivenessTimers, seconds: float | None) -> None:
    time = Time()
    life = online(time, timers)
    for name in NAMES:
        life.on_message(message(f"devices/{name}/status", b"offline"))
    assert_no_longer_online(life, time, seconds or timers.mass_grace, Phase.OFFLINE)


@GIVEN
def test_figures_are_looked_at_once_in_so_long(timers: LivenessTimers, seconds: float | None) -> None:
    throttle, period = Throttle(timers.count_period), seconds or timers.count_period
    assert [throttle.wait(SITE, at) for at in (0.0, 0.5)] == [0.0, period - 0.5]
