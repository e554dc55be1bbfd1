"""When a device of the fleet is put in anew, and what is kept of it in between."""

from dataclasses import dataclass
from typing import Any

import pytest

from edge_operator.control.fleet import Fleet
from edge_operator.control.resource import DeviceObject, SiteObject
from edge_operator.control.resources import DeviceStore, SiteStore
from edge_operator.status.connectivity import Life
from edge_wire import topics
from tests.edge_operator.control.lives import SITE, Time, device, message, site

PUMP = (SITE[0], "pump")


@dataclass
class World:
    """A site with a device that is alive."""

    time: Time
    sites: SiteStore
    devices: DeviceStore
    fleet: Fleet

    def look(self) -> Life:
        life = self.fleet.look(PUMP)
        assert life is not None
        return life

    def counted(self) -> dict[str, int]:
        return {phase: count for phase, count in self.fleet.phases.items() if count}

    def edited(self, generation: int, **spec: Any) -> None:
        body = device(version=generation, **spec).body
        self.devices.put({**body, "metadata": {**body["metadata"], "generation": generation}})
        self.fleet.fit(SITE, "pump")


def stores(*resources: SiteObject | DeviceObject) -> tuple[SiteStore, DeviceStore]:
    sites, devices = SiteStore(lambda *_: None), DeviceStore(lambda *_: None)
    for resource in resources:
        store: Any = sites if isinstance(resource, SiteObject) else devices
        store.put(resource.body)
    return sites, devices


@pytest.fixture
def world() -> World:
    time = Time()
    sites, devices = stores(site(), device())
    world = World(time, sites, devices, Fleet(sites, devices, time.clocks))
    life = world.fleet.site(SITE)
    assert life is not None
    life.connected()
    life.heard(message(topics.device_status("pump"), b"online"))
    assert world.look().phase == "Online"
    return world


@pytest.fixture
def put_in(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The devices that are put in from now on."""
    found: list[str] = []
    monkeypatch.setattr(world.fleet.site(SITE), "put", lambda each: found.append(each.device_id))
    return found


def test_site_that_says_nothing_else_of_its_devices_leaves_them_alone(world: World, put_in: list[str]) -> None:
    world.sites.put(site(2, location="hall 3").body)
    world.fleet.fit_site(SITE)
    assert put_in == [], "there may be thousands"
    world.sites.put(site(3, devices={"offlineAfter": "1h"}).body)
    world.fleet.fit_site(SITE)
    assert put_in == ["pump"]


def test_device_is_put_in_once_for_each_generation(world: World, put_in: list[str]) -> None:
    world.fleet.fit(SITE, "pump")
    assert put_in == []
    world.edited(2, offlineAfter="5s")
    assert put_in == ["pump"]
    world.fleet.fit(SITE, "pump")
    assert put_in == ["pump"]


def test_device_of_no_site_is_pending_and_nothing_else() -> None:
    sites, devices = stores(device())
    fleet = Fleet(sites, devices, Time().clocks)
    fleet.fit(SITE, "pump")
    life = fleet.look(PUMP)
    assert life is not None
    assert life.phase == "Pending"


def test_nothing_is_kept_of_a_device_that_is_gone(world: World) -> None:
    world.devices.drop(PUMP)
    world.fleet.fit(SITE, "pump")
    for _ in range(2):
        assert world.fleet.look(PUMP) is None
    assert world.fleet.told(PUMP) is None
    assert world.counted() == {}
    assert not world.fleet._holders  # noqa: SLF001 - what grows is not seen from outside


def test_words_of_a_device_stay_while_the_clocks_drift(world: World) -> None:
    before = world.look()
    world.time.drift = 3600.0
    assert world.look() == before
    assert world.fleet.told(PUMP) == before
    assert world.counted() == {"Online": 1}


def test_device_that_was_replaced_is_told_in_words_of_its_own(world: World) -> None:
    seen = world.look().last_seen
    assert seen
    world.devices.put(device(uid="another").body)
    world.fleet.fit(SITE, "pump")
    life = world.look()
    assert (life.phase, life.last_seen) == ("Unknown", "")
