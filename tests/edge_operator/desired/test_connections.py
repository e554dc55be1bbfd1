"""Ports and addresses of what is outside the site."""

import pytest

from edge_operator.desired.connections import cloud_port, device_broker_url, kafka_ports, kafka_url, topic_prefix
from edge_operator.desired.inputs import SiteInput
from tests.edge_operator.desired.sites import EXTERNAL, make_site

GOOD = [
    pytest.param("https://c", 443, id="https"),
    pytest.param("mqtts://c", 8883, id="mqtts"),
    pytest.param("mqtt://c", 1883, id="mqtt"),
    pytest.param("https://c:1", 1, id="the least"),
    pytest.param("https://c:65535", 65535, id="the highest"),
    pytest.param("https://[::1]:8443/x", 8443, id="IPv6"),
]


def with_cloud(endpoint: str) -> SiteInput:
    return make_site({"cloud": {"endpoint": endpoint}})


@pytest.mark.parametrize(("endpoint", "port"), GOOD)
def test_port_of_a_url(endpoint: str, port: int) -> None:
    assert cloud_port(with_cloud(endpoint)) == port


@pytest.mark.parametrize("endpoint", ["https://c:0", "https://c:65536", "https://c:x", "ftp://c"])
def test_port_that_is_none(endpoint: str) -> None:
    with pytest.raises(ValueError, match=rf"^cloud\.endpoint: '{endpoint}' needs a port from 1 to 65535$"):
        cloud_port(with_cloud(endpoint))


def test_broker_of_kafka_needs_a_port() -> None:
    with pytest.raises(ValueError, match=r"^processor\.kafka\.brokers: 'kafka://k' needs a port"):
        kafka_ports(make_site({"processor": {"kafka": {"brokers": ["k"]}}}))


def test_site_without_cloud_and_kafka() -> None:
    assert cloud_port(make_site()) is None
    assert kafka_ports(make_site()) == set()
    assert kafka_url(make_site()) is None


@pytest.mark.parametrize(
    ("scheme", "ours", "theirs"),
    [("mqtt", "mqtt://factory-mqtt:1883", "mqtt://mqtt.example.com"), ("mqtts", "mqtts://factory-mqtt:8883", None)],
)
def test_where_the_gateway_passes_devices_on_to(scheme: str, ours: str, theirs: str | None) -> None:
    assert device_broker_url(make_site(), scheme) == ours
    assert device_broker_url(make_site({"broker": EXTERNAL}), scheme) == theirs


def test_sites_share_a_broker_of_the_users_by_their_prefix() -> None:
    assert topic_prefix(make_site()) == ""
    assert topic_prefix(make_site({"broker": EXTERNAL})) == "plant/factory/"
