"""Where a site is reached: every protocol of its gateway, and no other port."""

from typing import Any

import pytest

from edge_operator.api.edgesite import EdgeSiteSpec
from edge_operator.control.site.endpoints import balancer_address, endpoints
from edge_operator.desired.release import Release
from edge_operator.desired.site import SiteInput

PORTS = {"http": 80, "https": 443, "mqtt": 1883, "mqtts": 8883, "coap": 5683}
SERVICE = {"spec": {"ports": [{"name": name, "port": port} for name, port in PORTS.items()]}}


def site(**service: Any) -> SiteInput:
    spec = EdgeSiteSpec.model_validate({"gateway": {"service": service}})
    return SiteInput("hall", "ns", "u", spec, Release("1"), b"")


def test_every_protocol_has_its_scheme() -> None:
    assert endpoints(site(externalAddress="h"), SERVICE) == {
        "http": "http://h:80",
        "https": "https://h:443",
        "mqtt": "mqtt://h:1883",
        "mqtts": "mqtts://h:8883",
    }


@pytest.mark.parametrize("address", ["2001:db8::1", "::1"])
def test_ipv6_that_is_given_is_bracketed(address: str) -> None:
    assert endpoints(site(externalAddress=address), SERVICE)["http"] == f"http://[{address}]:80"


def test_port_of_a_node_that_is_not_open_yet_is_the_services() -> None:
    ports = [{"name": "http", "port": 80}, {"name": "mqtt", "port": 1883, "nodePort": 31883}, {"port": 9}]
    found = endpoints(site(type="NodePort", externalAddress="node"), {"spec": {"ports": ports}})
    assert found == {"http": "http://node:80", "mqtt": "mqtt://node:31883"}


@pytest.mark.parametrize(
    ("status", "address"),
    [
        pytest.param({"loadBalancer": {"ingress": [{"hostname": "a", "ip": "192.0.2.1"}]}}, "a", id="name"),
        pytest.param(
            {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}, {"ip": "192.0.2.2"}]}}, "192.0.2.1", id="first"
        ),
        pytest.param({"loadBalancer": {"ingress": [{"hostname": "a"}, {"hostname": "b"}]}}, "a", id="two names"),
        pytest.param({"loadBalancer": {"ingress": [{}]}}, None, id="no address"),
        pytest.param({"loadBalancer": {"ingress": []}}, None, id="none"),
        pytest.param({"loadBalancer": None}, None, id="null"),
        pytest.param(None, None, id="no status"),
    ],
)
def test_address_of_a_load_balancer(status: dict[str, Any] | None, address: str | None) -> None:
    assert balancer_address({"status": status}) == address
