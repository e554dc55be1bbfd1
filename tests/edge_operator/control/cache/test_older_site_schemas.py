"""What the cache reads from EdgeSites that the API server stored under another schema than this release's."""

from typing import Any

import pytest
from hypothesis import given, settings

from edge_operator.api.edgesite import EdgeSiteSpec
from edge_operator.control.cache.resource import CachedSite
from edge_operator.control.site_broker.liveness_settings import site_settings
from tests.edge_operator.api.shapes import ANYTHING, shaped
from tests.edge_operator.control.samples import site


def read_site(spec: object) -> dict[str, Any]:
    """Return everything that the cache reads from the spec of an EdgeSite, which may be anything."""
    found = CachedSite({**site().body, "spec": spec})
    timers = site_settings(found)
    return {
        "external_broker": found.external_broker,
        "user_tls_secret": found.user_tls_secret,
        "paused": found.paused,
        "heartbeat": timers.heartbeat_interval,
        "offline_after": timers.offline_after,
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
    "lists for everything": ({"broker": [], "devices": [], "paused": []}, {}),
    "texts for objects": ({"broker": {"managed": {"tls": "x"}, "external": "x"}, "devices": "x"}, {}),
    "a text for the spec": ("x", {}),
    "invalid values beside valid ones": (
        {"broker": {"type": "External", "managed": 5}, "devices": {"heartbeatInterval": "1m", "offlineAfter": []}},
        {"external_broker": True, "heartbeat": 60.0},
    ),
    "certificate of the user beside an invalid value": (
        {"broker": {"managed": {"tls": {"secretRef": {"name": "cert"}}, "image": 5}}, "paused": "maybe"},
        {"user_tls_secret": ("factory", "cert")},
    ),
    "certificate of the user with a list as its Secret": (
        {"broker": {"managed": {"tls": {"secretRef": {"name": []}}}}},
        {"user_tls_secret": ("factory", "None")},
    ),
    "certificate of the user with a null as its Secret": (
        {"broker": {"managed": {"tls": {"secretRef": None}}}},
        {"user_tls_secret": ("factory", "None")},
    ),
    "required list that is missing": ({"processor": {"kafka": {}}, "paused": True}, {"paused": True}),
    "fields of another part": ({"gateway": {"replicas": "many"}, "paused": True}, {"paused": True}),
}


@pytest.mark.parametrize(("spec", "differences"), SITES.values(), ids=SITES)
def test_site_of_another_schema(spec: object, differences: dict[str, Any]) -> None:
    assert read_site(spec) == SITE | differences


@given(ANYTHING | shaped(EdgeSiteSpec))
@settings(max_examples=150, deadline=None)
def test_nothing_in_a_site_stops_the_others(spec: object) -> None:
    read_site(spec)
