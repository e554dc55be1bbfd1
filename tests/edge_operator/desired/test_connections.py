"""Ports and addresses of what is outside the site."""

from typing import Any

import pytest

from edge_operator.desired.connections import device_broker_url, topic_prefix
from edge_operator.desired.inputs import SiteInput
from edge_operator.desired.sinks import kafka_url, sink_names, sink_ports
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
    assert sink_ports(with_cloud(endpoint)) == {port}


@pytest.mark.parametrize("endpoint", ["https://c:0", "https://c:65536", "https://c:x", "ftp://c"])
def test_port_that_is_none(endpoint: str) -> None:
    with pytest.raises(ValueError, match=rf"^cloud\.endpoint: '{endpoint}' needs a port from 1 to 65535$"):
        sink_ports(with_cloud(endpoint))


def test_broker_of_kafka_needs_a_port() -> None:
    with pytest.raises(ValueError, match=r"^processor\.kafka\.brokers: 'kafka://k' needs a port"):
        sink_ports(make_site({"processor": {"kafka": {"brokers": ["k"]}}}))


def test_site_without_sinks() -> None:
    assert sink_ports(make_site()) == set()
    assert sink_names(make_site().spec) == ()
    assert kafka_url(make_site()) is None


@pytest.mark.parametrize(
    ("spec", "names", "numbers"),
    [
        ({"cloud": {"endpoint": "https://c", "proxy": {"url": "http://p"}}}, ("cloud",), {80, 443}),
        ({"cloud": {"endpoint": "https://c", "proxy": {"url": "https://p:3128"}}}, ("cloud",), {443, 3128}),
        ({"processor": {"kafka": {"brokers": ["a:1", "b:2"]}}}, ("kafka",), {1, 2}),
        ({"alerting": {"alertmanager": {"url": "http://a:9093"}}}, ("alertmanager",), {9093}),
        ({"alerting": {"webhook": {"url": "https://w/x"}}}, ("webhook",), {443}),
        ({"alerting": {}}, (), set()),
    ],
)
def test_sinks_of_a_spec(spec: dict[str, Any], names: tuple[str, ...], numbers: set[int]) -> None:
    assert (sink_names(make_site(spec).spec), sink_ports(make_site(spec))) == (names, numbers)


def test_a_port_that_is_none_is_named_with_its_field() -> None:
    for field in ("alertmanager", "webhook"):
        with pytest.raises(ValueError, match=rf"^alerting\.{field}\.url: 'http://x:0' needs a port"):
            sink_ports(make_site({"alerting": {field: {"url": "http://x:0"}}}))
    with pytest.raises(ValueError, match=r"^cloud\.proxy\.url: 'http://p:0' needs a port"):
        sink_ports(make_site({"cloud": {"endpoint": "https://c", "proxy": {"url": "http://p:0"}}}))


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
