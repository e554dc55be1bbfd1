"""When a device of the fleet is added again, and what is kept of it in between."""

from dataclasses import dataclass
from typing import Any

import pytest

from edge_operator.control.cache.resource import CachedDevice, CachedSite
from edge_operator.control.cache.resource_cache import DeviceCache, SiteCache
from edge_operator.control.liveness.device_index import DeviceIndex
from edge_operator.status.connectivity import Connectivity
from edge_wire import topics
from tests.edge_operator.control.samples import SITE, Time, device, message, site

PUMP = (SITE[0], "pump")


@dataclass
class World:
    """A site with a device that is alive."""

    time: Time
    sites: SiteCache
    devices: DeviceCache
    index: DeviceIndex

    def look(self) -> Connectivity:
        life = self.index.refresh(PUMP)
        assert life is not None
        return life

    def counted(self) -> dict[str, int]:
        return {phase: count for phase, count in self.index.phases.items() if count}

    def edited(self, generation: int, **spec: Any) -> None:
        body = device(version=generation, **spec).body
        self.devices.put({**body, "metadata": {**body["metadata"], "generation": generation}})
        self.index.update_id_owner(SITE, "pump")


def stores(*resources: CachedSite | CachedDevice) -> tuple[SiteCache, DeviceCache]:
    sites, devices = SiteCache(lambda *_: None), DeviceCache(lambda *_: None)
    for resource in resources:
        store: Any = sites if isinstance(resource, CachedSite) else devices
        store.put(resource.body)
    return sites, devices


@pytest.fixture
def world() -> World:
    time = Time()
    sites, devices = stores(site(), device())
    world = World(time, sites, devices, DeviceIndex(sites, devices, time.clocks))
    life = world.index.site(SITE)
    assert life is not None
    life.on_connected()
    life.on_message(message(topics.device_status("pump"), b"online"))
    assert world.look().phase == "Online"
    return world


@pytest.fixture
def put_in(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The devices that are put in from now on."""
    found: list[str] = []
    monkeypatch.setattr(world.index.site(SITE), "put", lambda each: found.append(each.device_id))
    return found


def test_site_that_says_nothing_else_of_its_devices_leaves_them_alone(world: World, put_in: list[str]) -> None:
    world.sites.put(site(2, location="hall 3").body)
    world.index.update_site(SITE)
    assert put_in == [], "there may be thousands"
    world.sites.put(site(3, devices={"offlineAfter": "1h"}).body)
    world.index.update_site(SITE)
    assert put_in == ["pump"]


def test_device_is_put_in_once_for_each_generation(world: World, put_in: list[str]) -> None:
    world.index.update_id_owner(SITE, "pump")
    assert put_in == []
    world.edited(2, offlineAfter="5s")
    assert put_in == ["pump"]
    world.index.update_id_owner(SITE, "pump")
    assert put_in == ["pump"]


def test_device_of_no_site_is_pending_and_nothing_else() -> None:
    sites, devices = stores(device())
    index = DeviceIndex(sites, devices, Time().clocks)
    index.update_id_owner(SITE, "pump")
    life = index.refresh(PUMP)
    assert life is not None
    assert life.phase == "Pending"


def test_nothing_is_kept_of_a_deleted_device(world: World) -> None:
    world.devices.delete(PUMP)
    world.index.update_id_owner(SITE, "pump")
    for _ in range(2):
        assert world.index.refresh(PUMP) is None
    assert world.index.last_reported(PUMP) is None
    assert world.counted() == {}
    assert not world.index._id_owners  # noqa: SLF001 - what grows is not seen from outside


def test_words_of_a_device_stay_while_the_clocks_drift(world: World) -> None:
    before = world.look()
    world.time.drift = 3600.0
    assert world.look() == before
    assert world.index.last_reported(PUMP) == before
    assert world.counted() == {"Online": 1}


def test_device_that_was_replaced_has_its_own_status(world: World) -> None:
    seen = world.look().last_seen
    assert seen
    world.devices.put(device(uid="another").body)
    world.index.update_id_owner(SITE, "pump")
    life = world.look()
    assert (life.phase, life.last_seen) == ("Unknown", "")
