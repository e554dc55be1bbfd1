"""The reported state of each device: from its site's state machine, its spec, its login, its object."""

from typing import Any

import pytest

from edge_operator.control.cache.resource import CachedDevice, CachedSite
from edge_operator.control.cache.resource_cache import DeviceCache, SiteCache
from edge_operator.control.liveness.device_index import DeviceIndex
from edge_operator.status.connectivity import connectivity_update, is_wrong
from edge_operator.status.device_counts import DeviceCounts
from edge_wire import topics
from tests.edge_operator.control.samples import SITE, Time, device, message, site

PUMP = (SITE[0], "pump")
HALL = (SITE[0], "hall")
STATUS = topics.device_status("pump")


def named(name: str) -> CachedSite:
    body = site(uid=f"site-{name}").body
    return CachedSite({**body, "metadata": body["metadata"] | {"name": name}})


class World:
    """A fleet over stores that a test fills."""

    def __init__(self, *resources: CachedSite | CachedDevice) -> None:
        self.time = Time()
        self.sites = SiteCache(lambda *_: None)
        self.devices = DeviceCache(lambda *_: None)
        for resource in resources:
            children: Any = self.sites if isinstance(resource, CachedSite) else self.devices
            children.put(resource.body)
        self.index = DeviceIndex(self.sites, self.devices, self.time.clocks)

    def connect(self) -> None:
        self.life.on_connected()

    @property
    def life(self) -> Any:
        return self.index.site(SITE)

    def hear(self, payload: bytes, *, retain: bool = False) -> None:
        self.life.on_message(message(STATUS, payload, retain=retain))

    def tick(self, seconds: float) -> None:
        for _ in range(int(seconds * 4)):
            self.time.at += 0.25
            self.life.tick()

    def told(self, key: tuple[str, str] = PUMP) -> tuple[str, str]:
        life = self.index.refresh(key)
        assert life is not None
        return life.phase, life.reason

    def status(self, key: tuple[str, str] = PUMP) -> dict[str, Any]:
        found = self.devices.get(key)
        life = self.index.refresh(key)
        assert found is not None
        assert life is not None
        status = connectivity_update(life, found.status, 1, self.time.text())
        assert status is not None
        return dict(status)


def test_new_device_is_not_yet_seen() -> None:
    assert World(site(), device()).told() == ("Unknown", "NotYetSeen")


@pytest.mark.parametrize(
    "resources",
    [
        pytest.param((site(), device(has_login=False)), id="no login yet"),
        pytest.param((device(),), id="no site"),
        pytest.param((site(), device("elder"), device(deviceId="elder", created="2026-12-01T00:00:00Z")), id="a twin"),
    ],
)
def test_device_that_cannot_log_in_is_pending(resources: tuple[Any, ...]) -> None:
    assert World(*resources).told() == ("Pending", "CredentialsPending")


def test_disabled_device() -> None:
    world = World(site(), device(disabled=True))
    world.connect()
    world.hear(b"online")
    assert world.told() == ("Disabled", "Disabled")


def test_life_from_birth_to_silence() -> None:
    world = World(site(devices={"heartbeatInterval": "1s", "offlineAfter": "10s"}), device())
    world.connect()
    world.tick(5)
    world.hear(b'{"id": "pump", "status": "online", "session": "7", "metadata": {"firmware": "2.0"}}')
    assert world.told() == ("Online", "HeartbeatReceived")
    born = world.time.text()
    status = world.status()
    assert status["connectivity"] == {
        "reason": "HeartbeatReceived",
        "sinceTime": born,
        "lastSeenTime": born,
        "session": "7",
    }
    assert status["reported"] == {"firmware": "2.0"}
    world.tick(11)
    assert world.told() == ("Offline", "HeartbeatExpired")
    assert world.status()["connectivity"]["lastSeenTime"] == born


@pytest.mark.parametrize(
    ("spec", "seconds"),
    [
        ({}, 300.0),
        ({"offlineAfter": "20s"}, 20.0),
        ({"heartbeatInterval": "1h"}, 9000.0),
        ({"heartbeatInterval": "10s"}, 300.0),
    ],
)
def test_offline_after_comes_from_device_or_site(spec: dict[str, Any], seconds: float) -> None:
    world = World(site(), device(**spec))
    world.connect()
    world.hear(b"online")
    world.tick(seconds - 1)
    assert world.told()[0] == "Online"
    world.tick(2)
    assert world.told()[0] == "Offline"


def test_restart_writes_the_same_status_however_the_clocks_drift() -> None:
    world = World(site(), device())
    world.connect()
    world.hear(b'{"status": "online", "session": "1", "metadata": {"model": "x"}}')
    status = world.status()
    for drift in (0.0, 0.7, -0.7, 3600.0):
        again = World(site(), device(status=status | {"observedGeneration": 1}))
        again.time.at, again.time.drift = 50_000.0, drift
        life = DeviceIndex(again.sites, again.devices, again.time.clocks).refresh(PUMP)
        assert life is not None
        assert not is_wrong(life, status)
        assert connectivity_update(life, status, 1, "now") is None


def test_device_that_spoke_before_it_was_looked_at_was_seen() -> None:
    world = World(site())
    world.connect()
    world.devices.put(device().body)
    world.index.update_id_owner(SITE, "pump")
    world.hear(b"online")
    assert world.status()["connectivity"]["lastSeenTime"] == world.time.text()


def test_recreated_device_inherits_nothing() -> None:
    world = World(site(), device())
    world.connect()
    world.hear(b"online")
    assert world.told()[0] == "Online"
    world.devices.delete(PUMP)
    world.devices.put(device(uid="another").body)
    world.index.update_id_owner(SITE, "pump")
    assert world.told() == ("Unknown", "NotYetSeen")


def test_elder_goes_and_the_younger_takes_the_identifier() -> None:
    younger = device("younger", deviceId="pump", created="2026-12-01T00:00:00Z")
    world = World(site(), device(), younger)
    world.connect()
    world.hear(b"online")
    assert world.told(younger.key) == ("Pending", "CredentialsPending")
    world.devices.delete(PUMP)
    world.index.update_id_owner(SITE, "pump")
    assert world.index.refresh(PUMP) is None
    assert world.told(younger.key) == ("Unknown", "NotYetSeen")


def test_recreated_site_forgets_its_devices() -> None:
    world = World(site(), device())
    world.connect()
    world.hear(b"online")
    world.sites.delete(SITE)
    world.index.update_site(SITE)
    assert world.told() == ("Pending", "CredentialsPending")
    world.sites.put(site(uid="site-2").body)
    world.index.update_site(SITE)
    assert world.told() == ("Unknown", "NotYetSeen")


def test_site_that_is_replaced_in_one_event_forgets_its_devices() -> None:
    world = World(site(), device())
    world.connect()
    world.hear(b"online")
    world.sites.put(site(uid="site-2").body)
    world.index.update_site(SITE)
    assert not world.life.is_connected
    assert world.told() == ("Unknown", "NotYetSeen")
    assert world.index.counts(SITE) == DeviceCounts(total=1, unknown=1)


def test_site_that_only_changes_keeps_its_devices() -> None:
    world = World(site(), device())
    world.connect()
    world.hear(b"online")
    world.sites.put(site(2, location="hall 3").body)
    world.index.update_site(SITE)
    assert world.life.is_connected
    assert world.told() == ("Online", "HeartbeatReceived")


def test_device_deleted_without_its_site_is_not_counted_in_the_next() -> None:
    world = World(site(), device(), device("fan"))
    world.sites.delete(SITE)
    world.index.update_site(SITE)
    world.devices.delete(PUMP)
    world.index.update_id_owner(SITE, "pump")
    world.sites.put(site(uid="site-2").body)
    world.index.update_site(SITE)
    assert world.index.counts(SITE) == DeviceCounts(total=1, unknown=1)
    world.devices.put(device(uid="another").body)
    world.index.update_id_owner(SITE, "pump")
    assert world.told() == ("Unknown", "NotYetSeen")


def test_site_that_goes_takes_nothing_from_another() -> None:
    there = device("fan", siteRef={"name": "hall"})
    world = World(site(), device(), named("hall"), there)
    world.sites.delete(SITE)
    world.index.update_site(SITE)
    assert world.told(there.key) == ("Unknown", "NotYetSeen")
    world.devices.delete(there.key)
    world.index.update_id_owner(HALL, "fan")
    assert [life.known("fan") for _, life in world.index] == [None]


def test_nothing_of_a_site_that_goes_is_kept() -> None:
    world = World(site(), device(), named("hall"), device("fan", siteRef={"name": "hall"}))
    world.sites.delete(SITE)
    world.index.update_site(SITE)
    assert [key for key, _ in world.index] == [HALL]
    assert [key for key, _ in world.index._id_owners] == [HALL]  # noqa: SLF001 - what grows is not seen from outside


def test_settings_of_the_site_reach_its_devices() -> None:
    world = World(site(), device())
    world.connect()
    world.hear(b"online")
    world.sites.put(site(2, devices={"heartbeatInterval": "1s", "offlineAfter": "5s"}).body)
    world.index.update_site(SITE)
    world.tick(6)
    assert world.told()[0] == "Offline"


def test_unavailable_processor_stops_the_clock() -> None:
    world = World(site(devices={"heartbeatInterval": "1s", "offlineAfter": "5s"}), device())
    world.connect()
    world.hear(b"online")
    world.life.on_message(message("edge/status/processor", b'{"component": "processor", "status": "offline"}'))
    world.tick(20)
    assert world.told()[0] == "Online"
    world.life.on_message(message("edge/status/processor", b'{"component": "processor", "status": "online"}'))
    world.tick(6)
    assert world.told()[0] == "Offline"


def test_processor_status_that_may_be_from_before_a_restart_stops_it_too() -> None:
    world = World(site(devices={"heartbeatInterval": "1s", "offlineAfter": "5s"}), device())
    world.connect()
    world.hear(b"online")
    said = b'{"component": "processor", "status": "online"}'
    world.life.on_message(message("edge/status/processor", said, retain=True))
    world.tick(20)
    assert world.told()[0] == "Online"
    world.life.on_message(message("edge/activity", b'{"source": "processor", "ages": {}, "queue_lag_seconds": 0}'))
    world.tick(6)
    assert world.told()[0] == "Offline"


def test_process_that_slept_has_not_listened() -> None:
    world = World(site(devices={"heartbeatInterval": "1s", "offlineAfter": "5s"}), device())
    world.connect()
    world.hear(b"online")
    world.time.at += 60
    world.life.missed_window()
    world.tick(4)
    assert world.told()[0] == "Online"
    world.tick(2)
    assert world.told()[0] == "Offline"


def test_devices_that_are_there_already_are_counted() -> None:
    assert World(site(), device(), device("off", disabled=True)).index.phases == {"Unknown": 1, "Disabled": 1}


def test_figures_and_phases_are_counted() -> None:
    twin = device("twin", deviceId="pump", created="2026-12-01T00:00:00Z")
    world = World(site(), device(), device("off", disabled=True), device("new"), twin)
    world.connect()
    world.hear(b"online")
    for key in world.devices:
        world.index.refresh(key)
    assert world.index.counts(SITE) == DeviceCounts(total=4, online=1, offline=0, unknown=2)
    counted = {phase: count for phase, count in world.index.phases.items() if count}
    assert counted == {"Online": 1, "Disabled": 1, "Unknown": 1, "Pending": 1}
    assert world.index.counts(("factory", "none")) is None
