"""What is read from EdgeDevices that the API server stored under another schema than this release's."""

from typing import Any

import pytest
from hypothesis import given, settings

from edge_liveness import Presence
from edge_operator.api.edgedevice import EdgeDeviceSpec
from edge_operator.control.cache.resource import CachedDevice
from edge_operator.control.cache.resource_cache import DeviceCache
from edge_operator.control.site_broker.liveness_settings import device_settings, site_settings
from edge_operator.control.site_broker.roster_entry import roster_entry
from edge_wire import topics
from edge_wire.messages import RosterEntry
from tests.edge_operator.api.shapes import ANYTHING, shaped
from tests.edge_operator.control.samples import device, site


def read_device(spec: object) -> dict[str, Any]:
    """Return everything that the operator reads from the spec of an EdgeDevice, which may be anything."""
    found, plant = CachedDevice({**device().body, "spec": spec}), site()
    entry, timers = roster_entry(found, plant), device_settings(site_settings(plant), found.spec)
    assert (entry.id, entry.disabled, entry.rotation) == (found.device_id, found.disabled, found.rotation)
    assert (entry.offline_after_seconds, timers.is_disabled) == (timers.offline_after, found.disabled)
    assert (entry.presence == "Intermittent") == (timers.presence is Presence.INTERMITTENT)
    assert topics.roster(entry.id) == f"edge/roster/{entry.id}"
    assert RosterEntry.parse(entry.encode(), entry.id) == entry
    return {
        "site": found.site[1],
        "device_id": found.device_id,
        "rotation": found.rotation,
        "switch_after": found.switch_after,
        "secret_name": found.secret_name,
        "user_secret": found.user_secret,
        "logs_in": found.logs_in,
        "name": entry.name,
        "type": entry.type,
        "location": entry.location,
        "attributes": entry.attributes,
        "heartbeat": entry.heartbeat_interval_seconds,
        "offline_after": entry.offline_after_seconds,
        "presence": entry.presence,
    }


DEVICE = {
    "site": "",
    "device_id": "pump",
    "rotation": 0,
    "switch_after": 300.0,
    "secret_name": "pump-device-credentials",
    "user_secret": None,
    "logs_in": True,
    "name": "",
    "type": "",
    "location": "",
    "attributes": {},
    "heartbeat": 30.0,
    "offline_after": 300.0,
    "presence": "Connected",
}
"""The default of everything that is read."""

ALIASES = [str(field.alias) for field in EdgeDeviceSpec.model_fields.values()]

DEVICES: dict[str, tuple[object, dict[str, Any]]] = {
    "no spec": (None, {}),
    "an empty spec": ({}, {}),
    "unknown fields": ({"colour": "red", "credentials": {"algorithm": "x"}, "siteRef": {"kind": "EdgeSite"}}, {}),
    "fields as the program names them": ({"device_id": "x", "display_name": "x", "site_ref": {"name": "x"}}, {}),
    "nulls": (dict.fromkeys(ALIASES), {}),
    "empty texts": ({"deviceId": "", "displayName": "", "credentials": {"secretName": "", "switchAfter": ""}}, {}),
    "unknown value of a closed set": ({"presence": "Sometimes"}, {}),
    "durations that are none": ({"heartbeatInterval": "soon", "offlineAfter": "1d"}, {}),
    "durations as numbers": ({"heartbeatInterval": 60, "offlineAfter": 60, "credentials": {"switchAfter": 60}}, {}),
    "duration after which the password is switched is none": ({"credentials": {"switchAfter": "at once"}}, {}),
    "rotation in quotes": ({"credentials": {"rotation": "3"}}, {"rotation": 3}),
    "rotation with a fraction of zero": ({"credentials": {"rotation": 3.0}}, {"rotation": 3}),
    "numbers for texts": ({"displayName": 5, "type": 5, "location": 5, "attributes": {"a": 5}, "deviceId": 5}, {}),
    "lists for everything": ({alias: [1] for alias in ALIASES}, {}),
    "a list for the spec": ([], {}),
    "a text for the spec": ("x", {}),
    "site as a text": ({"siteRef": "plant"}, {}),
    "site with a list as its name": ({"siteRef": {"name": ["plant"]}}, {}),
    "identifier that is no level of a topic": ({"deviceId": "hall/7"}, {}),
    "identifier of a path": ({"deviceId": ".."}, {}),
    "identifier that is too long": ({"deviceId": "x" * 65}, {}),
    "one attribute that is too long": ({"attributes": {"a": "x" * 257, "b": "x"}}, {}),
    "rotation that is no number": ({"credentials": {"rotation": "once"}}, {}),
    "rotation as null": ({"credentials": {"rotation": None}}, {}),
    "rotation that is out of range": ({"credentials": {"rotation": -1}}, {}),
    "disabled in quotes": ({"disabled": "true"}, {"logs_in": False}),
    "disabled that is neither": ({"disabled": "maybe"}, {}),
    "invalid values beside valid ones": (
        {
            "siteRef": {"name": "plant"},
            "deviceId": "p-1",
            "displayName": 5,
            "presence": "Intermittent",
            "offlineAfter": "10m",
            "credentials": {"rotation": 3, "switchAfter": 5, "secretName": "mine", "existingSecretRef": "brought"},
        },
        {
            "site": "plant",
            "device_id": "p-1",
            "presence": "Intermittent",
            "offline_after": 600.0,
            "rotation": 3,
            "secret_name": "mine",
        },
    ),
    "Secret of the user beside an invalid value": (
        {"credentials": {"rotation": [], "existingSecretRef": {"name": "brought"}}},
        {"user_secret": ("factory", "brought")},
    ),
    "Secret of the user without a name": (
        {"credentials": {"existingSecretRef": {}}},
        {"user_secret": ("factory", "None")},
    ),
    "Secret of the user with a null as its name": (
        {"credentials": {"existingSecretRef": {"name": None}}},
        {"user_secret": ("factory", "None")},
    ),
}


@given(ANYTHING | shaped(EdgeDeviceSpec))
@settings(max_examples=500, deadline=None)
def test_nothing_in_a_device_stops_the_others(spec: object) -> None:
    read_device(spec)
    cache, before = DeviceCache(lambda _before, _after: None), device(version=1).body
    for body in (before, {**device(version=2).body, "spec": spec}):
        cache.put(body)
        (found,) = cache.by_site(("factory", "plant")) or cache.by_site(("factory", read_device(body["spec"])["site"]))
        assert cache.id_owners(found.site) == (found,)
    cache.delete(found.key)
    assert cache.by_site(found.site) == ()


@pytest.mark.parametrize(("spec", "differences"), DEVICES.values(), ids=DEVICES)
def test_device_of_another_schema(spec: object, differences: dict[str, Any]) -> None:
    assert read_device(spec) == DEVICE | differences
