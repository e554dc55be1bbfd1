"""Where devices connect, from the status of their site."""

from typing import Any

import pytest

from edge_operator.control.cache.resource import CachedSite
from edge_operator.control.credentials.device_address import DeviceAddress, address_of
from tests.edge_operator.control.samples import site


def with_status(**status: Any) -> CachedSite:
    return CachedSite({**site(generation=4).body, "status": status})


ADDRESSES: dict[str, tuple[dict[str, str], DeviceAddress | None, bool]] = {
    "none yet": ({}, None, False),
    "without TLS alone": ({"mqtt": "mqtt://h:1883"}, None, False),
    "given": ({"mqtts": "mqtts://edge.example.com:30883"}, DeviceAddress("edge.example.com", 30883), False),
    "usual port": ({"mqtts": "mqtts://edge.example.com"}, DeviceAddress("edge.example.com", 8883), False),
    "IPv6": ({"mqtts": "mqtts://[2001:db8::1]:8883"}, DeviceAddress("2001:db8::1", 8883), False),
    "in the cluster": (
        {"mqtts": "mqtts://plant-gateway.factory.svc:8883"},
        DeviceAddress("plant-gateway.factory.svc", 8883),
        True,
    ),
    "with HTTPS": (
        {"mqtts": "mqtts://h:8883", "https": "https://h:443"},
        DeviceAddress("h", 8883, "https://h:443"),
        False,
    ),
    "in the cluster, with its domain": (
        {"mqtts": "mqtts://plant-gateway.factory.svc.cluster.local:8883"},
        DeviceAddress("plant-gateway.factory.svc.cluster.local", 8883),
        True,
    ),
    "no host": ({"mqtts": "mqtts://:8883"}, DeviceAddress("", 8883), False),
}


@pytest.mark.parametrize(("endpoints", "address", "inside"), ADDRESSES.values(), ids=ADDRESSES)
def test_where_devices_connect(endpoints: dict[str, str], address: DeviceAddress | None, *, inside: bool) -> None:
    found = address_of(with_status(endpoints=endpoints))
    assert found == address
    assert (found is not None and found.in_cluster_only) is inside
