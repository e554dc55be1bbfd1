"""The certificates that components of a site present or trust, and the Secrets that contain them. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from edge_operator.api.references import SecretReference
from edge_operator.desired.components import GATEWAY, managed_broker
from edge_operator.desired.connections import external_broker
from edge_operator.desired.encoding import secret_value
from edge_operator.desired.inputs import SiteInput
from edge_operator.desired.metadata import child_name
from edge_operator.desired.secret.broker_tls import broker_tls_name
from edge_operator.desired.sinks import ALERTMANAGER, CLOUD, KAFKA, WEBHOOK, sink_names
from edge_operator.identity.user_certificates import Validity, validity_of_authorities, validity_of_server
from edge_operator.status.certificate_facts import CertificateFacts

SERVED, TRUSTED = "tls.crt", "ca.crt"


@dataclass(frozen=True, slots=True)
class CertificateReference:
    """A key of a Secret with certificates.

    Attributes:
        secret: name of the Secret.
        key: `tls.crt`, which a component presents, or `ca.crt`, which clients trust.
        where: field of the spec that names the Secret; empty for the site's own certificate.
        host: host name or address at which clients connect; empty if the certificate need not have it.
        reports_missing: whether no other condition reports that the Secret does not exist.
    """

    secret: str
    key: str
    where: str
    host: str = ""
    reports_missing: bool = False


def certificate_references(site: SiteInput, *, paused: bool) -> Iterable[CertificateReference]:
    """Yield the certificates of a site: those that its spec names and, while it is paused, its own.

    The site's own certificate is renewed in time unless the site is paused.
    """
    broker, gateway_tls = managed_broker(site), site.spec.gateway.tls
    outside = site.spec.gateway.service.external_address or next(iter(site.addresses), "")
    host = outside or f"{child_name(site, GATEWAY)}.{site.namespace}.svc"
    if broker is not None and broker.tls is not None:
        secret, where = broker.tls.secret_ref.name, "spec.broker.managed.tls"
        yield CertificateReference(secret, SERVED, where, host)
        yield CertificateReference(secret, TRUSTED, where)
    elif broker is not None and paused:
        yield CertificateReference(broker_tls_name(site), SERVED, "")
    if gateway_tls is not None:
        secret, where = gateway_tls.secret_ref.name, "spec.gateway.tls"
        yield CertificateReference(secret, SERVED, where, outside, reports_missing=True)
    external = external_broker(site)
    if external is not None:
        yield from _trusted("spec.broker.external", external.ca_secret_ref)
    yield from _of_sinks(site)


def certificate_facts(reference: CertificateReference, secret: Mapping[str, Any]) -> CertificateFacts | None:
    """Return the facts about a certificate in a Secret; None if the Secret does not have the key `ca.crt`.

    Raises:
        ValueError: the certificate cannot be used.
    """
    pem = secret_value(secret, reference.key)
    if reference.key == TRUSTED:
        return _facts(reference, secret, validity_of_authorities(pem)) if pem else None
    if not pem:
        raise ValueError(f"it has no key {SERVED}")
    return _facts(reference, secret, validity_of_server(pem, secret_value(secret, "tls.key") or b""))


def named(reference: CertificateReference, namespace: str) -> str:
    """Return the Secret of a reference, and the field that names it, in words."""
    where = f", which {reference.where} names," if reference.where else ", the site's own certificate,"
    return f"Secret {namespace}/{reference.secret}{where}"


def _facts(reference: CertificateReference, secret: Mapping[str, Any], validity: Validity) -> CertificateFacts:
    if reference.where:
        next_step = "put a valid certificate into the Secret"
    else:
        next_step = "set spec.paused to false, so that the operator renews it"
    return CertificateFacts(
        what=f"{reference.key} of the {named(reference, secret['metadata']['namespace'])}",
        next_step=next_step,
        begin=validity.begin,
        end=validity.end,
        names=validity.names,
        host=reference.host,
        is_served=reference.key == SERVED,
    )


def _of_sinks(site: SiteInput) -> Iterable[CertificateReference]:
    cloud, kafka, alerting = site.spec.cloud, site.spec.processor.kafka, site.spec.alerting
    names = sink_names(site.spec)
    if cloud is not None and CLOUD in names:
        yield from _trusted("spec.cloud", cloud.ca_secret_ref)
    if kafka is not None and KAFKA in names:
        yield from _trusted("spec.processor.kafka", kafka.ca_secret_ref)
    if alerting is not None and {ALERTMANAGER, WEBHOOK} & {*names}:
        yield from _trusted("spec.alerting", alerting.ca_secret_ref)


def _trusted(where: str, given: SecretReference | None) -> Iterable[CertificateReference]:
    if given is not None and given.name:
        yield CertificateReference(given.name, TRUSTED, f"{where}.caSecretRef")
