"""Where a site is reached, from its spec and the Service of its gateway."""

from typing import Any

import pytest

from edge_operator.api.edgesite import EdgeSiteSpec
from edge_operator.control.site.endpoints import endpoints
from edge_operator.desired.release import Release
from edge_operator.desired.site import SiteInput

RELEASE = Release("1.0.0")

PORTS = [
    {"name": "http", "port": 80, "nodePort": 30080},
    {"name": "mqtt", "port": 1883, "nodePort": 31883},
    {"name": "https", "port": 443, "nodePort": 30443},
    {"name": "metrics", "port": 9},
]


def service(*ingress: dict[str, str]) -> dict[str, Any]:
    return {"spec": {"ports": PORTS}, "status": {"loadBalancer": {"ingress": list(ingress)}}}


@pytest.mark.parametrize(
    ("given", "seen", "expected"),
    [
        pytest.param({}, {}, {}, id="no Service yet"),
        pytest.param({}, {"spec": None, "status": None}, {}, id="nulls"),
        pytest.param(
            {},
            service(),
            {"http": "http://hall-gateway.ns.svc:80", "mqtt": "mqtt://hall-gateway.ns.svc:1883"},
            id="inside",
        ),
        pytest.param({}, service({}), {"http": "http://hall-gateway.ns.svc:80"}, id="balancer without address"),
        pytest.param({}, service({"ip": "192.0.2.1"}), {"http": "http://192.0.2.1:80"}, id="address of the balancer"),
        pytest.param(
            {}, service({"ip": "192.0.2.1", "hostname": "lb.example"}), {"http": "http://lb.example:80"}, id="its name"
        ),
        pytest.param({}, service({"ip": "2001:db8::1"}), {"mqtt": "mqtt://[2001:db8::1]:1883"}, id="IPv6"),
        pytest.param(
            {"externalAddress": "edge.example"},
            service({"ip": "192.0.2.1"}),
            {"http": "http://edge.example:80"},
            id="address given",
        ),
        pytest.param(
            {"type": "NodePort", "externalAddress": "node.example"},
            service(),
            {"http": "http://node.example:30080", "https": "https://node.example:30443"},
            id="port of the node",
        ),
        pytest.param({"type": "NodePort"}, service(), {"http": "http://hall-gateway.ns.svc:80"}, id="node unknown"),
        pytest.param({}, {"spec": {"ports": [{"port": 80}]}}, {}, id="port without a name, not ours"),
    ],
)
def test_endpoints(given: dict[str, Any], seen: dict[str, Any], expected: dict[str, str]) -> None:
    spec = EdgeSiteSpec.model_validate({"gateway": {"service": given}})
    found = endpoints(SiteInput("hall", "ns", "u", spec, RELEASE, b""), seen)
    assert {name: found.get(name) for name in expected} == expected
    assert bool(found) == bool(expected)
