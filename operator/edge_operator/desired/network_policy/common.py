"""Common parts of the NetworkPolicies of a site."""

from collections.abc import Iterable

from edge_operator.desired import components, ports
from edge_operator.desired.connections import external_broker, external_broker_port
from edge_operator.desired.inputs import Manifest, SiteInput
from edge_operator.desired.metadata import (
    METRICS_LABEL,
    OPERATOR_NAME,
    SITE_LABEL,
    child_name,
    metadata,
    selector,
)


def network_policy(site: SiteInput, component: str, ingress: list[Manifest], egress: list[Manifest]) -> Manifest:
    """Return the policy of a component: traffic that is not listed is denied, in both directions."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata(site, component, child_name(site, component)),
        "spec": {
            "podSelector": {"matchLabels": selector(site, component)},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": ingress,
            "egress": egress,
        },
    }


def tcp(*numbers: int) -> list[Manifest]:
    """Return TCP ports."""
    return [{"protocol": "TCP", "port": number} for number in numbers]


def pods(site: SiteInput, *of: str) -> list[Manifest]:
    """Return the pods of the named components of this site, as peers."""
    return [{"podSelector": {"matchLabels": selector(site, component)}} for component in of]


def whole_site(site: SiteInput) -> list[Manifest]:
    """Return all pods of this site, as a peer."""
    return [{"podSelector": {"matchLabels": {SITE_LABEL: site.name}}}]


def metrics_readers() -> list[Manifest]:
    """Return the pods of the namespaces that may read metrics, as a peer."""
    return [{"namespaceSelector": {"matchLabels": {METRICS_LABEL: "true"}}}]


def operator(site: SiteInput) -> list[Manifest]:
    """Return the operator's pods, as one peer."""
    return [
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": site.release.operator_namespace}},
            "podSelector": {"matchLabels": {"app.kubernetes.io/name": OPERATOR_NAME}},
        }
    ]


def to_dns() -> Manifest:
    """Return the rule for name resolution, wherever the cluster has it."""
    return {"ports": [{"protocol": "UDP", "port": ports.DNS}, *tcp(ports.DNS)]}


def to_api_server() -> Manifest:
    """Return the rule for the API server by its usual ports: its address is not known."""
    return {"ports": tcp(*ports.API_SERVER)}


def to_anywhere(numbers: Iterable[int]) -> list[Manifest]:
    """Return the rule for the TCP ports `numbers` outside the site; no rule if there are none, as that allows all."""
    listed = tcp(*sorted(set(numbers)))
    return [{"ports": listed}] if listed else []


def to_broker(site: SiteInput, *managed_ports: int) -> Manifest:
    """Return the rule for the broker: the managed one's pods at `managed_ports`, or the user's."""
    external = external_broker(site)
    if external:
        return {"ports": tcp(external_broker_port(external))}
    return {"to": pods(site, components.MQTT), "ports": tcp(*managed_ports)}


def to_store(site: SiteInput, *others: int) -> Manifest:
    """Return the rule for the store: its HTTP port, and the ports `others`."""
    return {"to": pods(site, components.STORAGE), "ports": tcp(ports.HTTP, *others)}
