"""Which login a site's broker is given for a device whose password the user brings."""

import base64
import datetime as dt
from typing import Any

import pytest

from edge_operator.control.cache.child_cache import ChildCache
from edge_operator.control.cache.resource import CachedSite
from edge_operator.control.cache.resource_cache import DeviceCache
from edge_operator.control.cache.user_passwords import LABELLED_SECRET, UserPasswords
from edge_operator.control.credentials.device_rotations import DeviceRotations
from edge_operator.control.credentials.root_secrets import RootKey
from edge_operator.control.site.plan import Plans
from edge_operator.desired.inputs import DeviceLogin
from edge_operator.desired.release import Release
from tests.edge_operator.control.samples import NAMESPACE, SITE, device, site

NOW = dt.datetime(2026, 7, 1, 12, 0, tzinfo=dt.UTC)
ROOT = RootKey(b"k" * 32, "u", "5", regenerated=False, extra=(), valid=True)
OWN = "the user's own password"
BROUGHT = {"credentials": {"existingSecretRef": {"name": "brought"}}}


class World:
    """The plans of a namespace with devices and with what users bring."""

    def __init__(self, *specs: tuple[str, dict[str, Any]]) -> None:
        self.devices = DeviceCache(lambda *_: None)
        self.passwords = UserPasswords(lambda _: None)
        for name, spec in specs:
            self.devices.put(device(name, **spec).body)
        children = ChildCache(lambda *_: None)
        rotations = DeviceRotations(children, lambda: NOW)
        self.plans = Plans(
            Release("1.0.0"), children, self.devices, rotations, self.passwords, lambda: NOW, lambda _: frozenset()
        )

    def bring(self, password: str | None, version: int = 1, name: str = "brought") -> None:
        data = {} if password is None else {"password": base64.b64encode(password.encode()).decode()}
        metadata = {"namespace": NAMESPACE, "name": name, "resourceVersion": str(version)}
        self.passwords.put(LABELLED_SECRET, {"metadata": metadata, "data": data})

    def shard(self, site_object: CachedSite) -> str:
        """Return the hash of the Secret with the devices' lines."""
        wanted = {want.key.name: want.hash for want in self.plans.plan(site_object, ROOT).digests}
        return wanted[f"{SITE[1]}-mqtt-auth-0"]


def test_password_that_the_user_brings_takes_the_place_of_the_derived_one() -> None:
    world = World(("made", {"credentials": {"rotation": 2}}), ("pump", BROUGHT))
    world.bring(OWN)
    own = {login.device_id: login.user_password for login in world.plans.logins(SITE)}
    assert own == {"made": None, "pump": OWN}


def test_raised_rotation_stays_with_a_password_that_the_user_brings() -> None:
    world = World(("pump", {"credentials": {"rotation": 4, "existingSecretRef": {"name": "brought"}}}))
    world.bring(OWN)
    assert world.plans.logins(SITE) == (DeviceLogin("pump", 4, OWN),)


@pytest.mark.parametrize("password", [None, "too short", "with a line\nbreak in it, and long"])
def test_no_login_without_a_usable_password(password: str | None) -> None:
    world = World(("made", {}), ("pump", BROUGHT))
    world.bring(password)
    assert [login.device_id for login in world.plans.logins(SITE)] == ["made"]


def test_no_login_while_the_secret_is_missing() -> None:
    world = World(("pump", BROUGHT))
    world.bring(OWN, name="another")
    assert world.plans.logins(SITE) == ()


def test_another_password_is_another_plan() -> None:
    world = World(("pump", BROUGHT))
    world.bring(OWN)
    first = world.shard(site())
    assert world.shard(site()) == first
    world.bring("another password, just as long", version=2)
    assert world.shard(site()) != first
