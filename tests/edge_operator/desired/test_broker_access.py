"""What the broker's agent may do, and by which names the broker's certificate is valid."""

import base64
from dataclasses import replace
from typing import Any

import pytest
from cryptography import x509

from edge_operator.desired.inputs import DeviceLogin
from edge_operator.desired.role import role
from edge_operator.desired.secret.broker_tls import broker_tls
from edge_operator.identity.certificates import authority_certificate
from edge_operator.identity.derive import component_password
from tests.edge_operator.desired.sites import ROOT, children, make_site


def test_agent_may_read_the_logins_and_the_certificate_of_its_site_and_nothing_else() -> None:
    made = role(replace(make_site(), devices=(DeviceLogin("d1", 0),)))
    assert made is not None
    assert made["rules"] == [
        {
            "apiGroups": [""],
            "resources": ["secrets"],
            "resourceNames": ["factory-mqtt-auth", "factory-mqtt-auth-0", "factory-mqtt-tls"],
            "verbs": ["get", "list", "watch"],
        }
    ]


def test_agent_may_not_read_a_certificate_of_the_user_that_may_not_be_used() -> None:
    """Who may edit a site could have any certificate and its key served by his own Mosquitto image."""
    site = make_site({"broker": {"managed": {"tls": {"secretRef": {"name": "theirs"}}}}})
    for usable, names in ((site.usable_secrets, {"factory-mqtt-auth", "theirs"}), (frozenset(), {"factory-mqtt-auth"})):
        made = role(replace(site, usable_secrets=usable))
        assert made is not None
        assert set(made["rules"][0]["resourceNames"]) == names


def test_role_is_bound_to_the_brokers_account_alone() -> None:
    binding = children()["RoleBinding", "mqtt"]
    assert binding["roleRef"] == {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "factory-mqtt"}
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "factory-mqtt", "namespace": "plant"}]


@pytest.mark.parametrize("component", ["gateway", "processor", "storage", "mqtt"])
def test_component_logs_in_under_its_own_name(component: str) -> None:
    secret = children()["Secret", f"{component}-credentials"]
    assert secret["type"] == "Opaque"
    values = {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}
    assert values == {"username": f"~{component}", "password": component_password(ROOT, f"~{component}")}


@pytest.mark.parametrize("component", ["gateway", "processor", "storage", "mqtt"])
def test_no_account_has_a_token_of_itself(component: str) -> None:
    assert children()["ServiceAccount", component]["automountServiceAccountToken"] is False


INSIDE = [
    "factory-gateway.plant.svc",
    "factory-gateway.plant.svc.cluster.local",
    "factory-gateway.plant",
    "factory-gateway",
    "factory-mqtt.plant.svc",
    "factory-mqtt.plant.svc.cluster.local",
    "factory-mqtt.plant",
    "factory-mqtt",
]


@pytest.mark.parametrize(
    ("spec", "addresses", "names"),
    [
        pytest.param({}, (), INSIDE, id="inside"),
        pytest.param(
            {"gateway": {"service": {"externalAddress": "edge.example.com"}}},
            (),
            ["edge.example.com", *INSIDE],
            id="with an address of the user's",
        ),
        pytest.param({}, ("192.0.2.7",), [*INSIDE, "192.0.2.7"], id="with a load balancer's"),
    ],
)
def test_broker_is_found_by_every_name_of_the_gateway_and_its_own(
    spec: dict[str, Any], addresses: tuple[str, ...], names: list[str]
) -> None:
    made = broker_tls(replace(make_site(spec), addresses=addresses))
    assert made is not None
    assert set(made["data"]) == {"tls.crt", "tls.key", "ca.crt"}, "as cert-manager names them"
    certificate = x509.load_pem_x509_certificate(base64.b64decode(made["data"]["tls.crt"]))
    listed = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(each.value) for each in listed] == names
    authority = base64.b64decode(made["data"]["ca.crt"]).decode()
    assert authority == authority_certificate(ROOT, "plant/factory")
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.encode()))
