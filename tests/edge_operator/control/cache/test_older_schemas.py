"""What is read from objects that the API server stored under another schema than this release's."""

from typing import Any

import pytest

from edge_liveness import Presence
from edge_operator.api.edgedevice import EdgeDeviceSpec
from edge_operator.control.cache.resource import CachedDevice, CachedSite
from edge_operator.control.site_broker.liveness_settings import device_settings, site_settings
from edge_operator.control.site_broker.roster_entry import roster_entry
from tests.edge_operator.control.samples import device, site


def read_device(spec: object) -> dict[str, Any]:
    """Return everything that the operator reads from the spec of an EdgeDevice, which may be anything."""
    found, plant = CachedDevice({**device().body, "spec": spec}), site()
    entry, settings = roster_entry(found, plant), device_settings(site_settings(plant), found)
    assert (entry.id, entry.disabled, entry.rotation) == (found.device_id, found.disabled, found.rotation)
    assert (entry.offline_after_seconds, settings.is_disabled) == (settings.offline_after, found.disabled)
    assert (entry.presence == "Intermittent") == (settings.presence is Presence.INTERMITTENT)
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

DEVICES: dict[str, tuple[object, dict[str, Any]]] = {
    "no spec": (None, {}),
    "an empty spec": ({}, {}),
    "unknown fields": ({"colour": "red", "credentials": {"algorithm": "x"}, "siteRef": {"kind": "EdgeSite"}}, {}),
    "fields as the program names them": ({"device_id": "x", "display_name": "x", "site_ref": {"name": "x"}}, {}),
    "nulls": (dict.fromkeys(str(field.alias) for field in EdgeDeviceSpec.model_fields.values()), {}),
    "empty texts": ({"deviceId": "", "displayName": "", "credentials": {"secretName": "", "switchAfter": ""}}, {}),
    "unknown value of a closed set": ({"presence": "Sometimes"}, {}),
    "durations that are none": ({"heartbeatInterval": "soon", "offlineAfter": "1d"}, {}),
    "durations as numbers": ({"heartbeatInterval": 60, "offlineAfter": 60, "credentials": {"switchAfter": 60}}, {}),
    "duration after which the password is switched is none": ({"credentials": {"switchAfter": "at once"}}, {}),
    "rotation in quotes": ({"credentials": {"rotation": "3"}}, {"rotation": 3}),
    "rotation with a fraction of zero": ({"credentials": {"rotation": 3.0}}, {"rotation": 3}),
    "Secret of the user without a name": (
        {"credentials": {"existingSecretRef": {}}},
        {"user_secret": ("factory", "None")},
    ),
    "Secret of the user with a null as its name": (
        {"credentials": {"existingSecretRef": {"name": None}}},
        {"user_secret": ("factory", "None")},
    ),
}


@pytest.mark.parametrize(("spec", "differences"), DEVICES.values(), ids=DEVICES)
def test_device_of_another_schema(spec: object, differences: dict[str, Any]) -> None:
    assert read_device(spec) == DEVICE | differences


def read_site(spec: object) -> dict[str, Any]:
    """Return everything that the cache reads from the spec of an EdgeSite, which may be anything."""
    found = CachedSite({**site().body, "spec": spec})
    settings = site_settings(found)
    return {
        "external_broker": found.external_broker,
        "user_tls_secret": found.user_tls_secret,
        "paused": found.paused,
        "heartbeat": settings.heartbeat_interval,
        "offline_after": settings.offline_after,
    }


SITE = {
    "external_broker": False,
    "user_tls_secret": None,
    "paused": False,
    "heartbeat": 30.0,
    "offline_after": 300.0,
}

SITES: dict[str, tuple[object, dict[str, Any]]] = {
    "no spec": (None, {}),
    "nulls": (dict.fromkeys(("broker", "paused", "devices")), {}),
    "nulls below": ({"broker": {"managed": None}, "devices": {"heartbeatInterval": None, "offlineAfter": None}}, {}),
    "unknown kind of broker": ({"broker": {"type": "Shared"}}, {}),
    "external broker without a URL": (
        {"broker": {"type": "External", "external": {"host": "x"}}},
        {"external_broker": True},
    ),
    "durations that are none": ({"devices": {"heartbeatInterval": "soon", "offlineAfter": 60}}, {}),
    "certificate of the user with a null as its Secret": (
        {"broker": {"managed": {"tls": {"secretRef": None}}}},
        {"user_tls_secret": ("factory", "None")},
    ),
    "fields of another part": ({"gateway": {"replicas": "many"}, "paused": True}, {"paused": True}),
}


@pytest.mark.parametrize(("spec", "differences"), SITES.values(), ids=SITES)
def test_site_of_another_schema(spec: object, differences: dict[str, Any]) -> None:
    assert read_site(spec) == SITE | differences
