"""The certificate of the managed broker, unless the user provides one."""

from edge_operator.desired import components
from edge_operator.desired.inputs import Manifest, SiteInput
from edge_operator.desired.metadata import child_name
from edge_operator.desired.secret.opaque import opaque
from edge_operator.identity.certificates import authority_certificate, broker_certificate

CLUSTER_DOMAIN = "cluster.local"
"""Default domain of a cluster; names that end with `.svc` resolve with any domain."""


def broker_tls(site: SiteInput) -> Manifest | None:
    """Return the Secret, with the keys that cert-manager uses; None if the user provides one, or the broker."""
    managed = components.managed_broker(site)
    if managed is None or managed.tls is not None:
        return None
    name = f"{site.namespace}/{site.name}"
    made = broker_certificate(site.root, name, _hosts(site), site.period)
    values = {"tls.crt": made.certificate, "tls.key": made.key, "ca.crt": authority_certificate(site.root, name)}
    return opaque(site, components.MQTT, broker_tls_name(site), values)


def broker_tls_name(site: SiteInput) -> str:
    """Return the name of the Secret with the broker's certificate: the user's, or ours."""
    managed = site.spec.broker.managed
    return managed.tls.secret_ref.name if managed and managed.tls else child_name(site, "mqtt-tls")


def _hosts(site: SiteInput) -> list[str]:
    """Return every name of the gateway, which passes connections through, and of the broker itself."""
    outside = site.spec.gateway.service.external_address
    services = (child_name(site, name) for name in (components.GATEWAY, components.MQTT))
    domains = (f".{site.namespace}{each}" for each in (".svc", f".svc.{CLUSTER_DOMAIN}", ""))
    suffixes = (*domains, "")
    inside = [f"{name}{suffix}" for name in services for suffix in suffixes]
    return [*([outside] if outside else []), *inside, *site.addresses]
