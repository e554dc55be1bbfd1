"""The Secrets that a site's spec names, and what can be wrong with them. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from edge_operator.api.references import SecretReference
from edge_operator.cluster.errors import ApiError, UnreachableError
from edge_operator.desired.encoding import secret_value
from edge_operator.desired.inputs import SiteInput
from edge_operator.desired.sinks import ALERTMANAGER, CLOUD, KAFKA, SINKS, WEBHOOK, sink_names
from edge_operator.identity.secret_use import Secret, SecretUse
from edge_operator.identity.user_certificates import certificates_alone

BROKER = "external broker"
BROKER_TLS = "certificate of the managed broker"
GATEWAY_TLS = "certificate of the gateway"
NEEDED = (BROKER, GATEWAY_TLS)
"""Users of Secrets without which their pods cannot start: the spec is not applied while one may not be used."""

LOGIN = ("username", "password")
TOKEN = ("token",)
AUTHORITY = ("ca.crt",)
CERTIFICATE = ("tls.crt", "tls.key")

ReadError = ApiError | UnreachableError


@dataclass(frozen=True, slots=True)
class SiteSecret:
    """A Secret that the spec names.

    Attributes:
        user: name of the sink, or one of the other users of Secrets.
        where: field of the spec that names it.
        secret: its name.
        keys: sets of keys of which it must have one; empty if somebody else checks the keys.
    """

    user: str
    where: str
    secret: str
    keys: tuple[tuple[str, ...], ...] = ()

    @property
    def named(self) -> str:
        """The Secret and the field that names it, for messages."""
        return f"the Secret {self.secret}, named in {self.where},"


def secret_references(site: SiteInput) -> Iterable[SiteSecret]:
    """Yield the Secrets that the spec of a site names, but for those of image registries, which the kubelet reads."""
    yield from _of_sinks(site)
    broker, tls = site.spec.broker, site.spec.gateway.tls
    if broker.type == "External" and broker.external is not None:
        where, external = "spec.broker.external", broker.external
        yield from _reference(BROKER, f"{where}.credentialsSecretRef", external.credentials_secret_ref, LOGIN)
        logins = external.credentials_secret_refs
        for component in ("operator", "gateway", "processor") if logins is not None else ():
            given = getattr(logins, component)
            yield from _reference(BROKER, f"{where}.credentialsSecretRefs.{component}", given, LOGIN)
        yield from _reference(BROKER, f"{where}.caSecretRef", external.ca_secret_ref, AUTHORITY)
    if broker.type == "Managed" and broker.managed is not None and broker.managed.tls is not None:
        yield from _reference(BROKER_TLS, "spec.broker.managed.tls.secretRef", broker.managed.tls.secret_ref)
    if tls is not None:
        yield from _reference(GATEWAY_TLS, "spec.gateway.tls.secretRef", tls.secret_ref, CERTIFICATE)


def _of_sinks(site: SiteInput) -> Iterable[SiteSecret]:
    cloud, kafka, alerting = site.spec.cloud, site.spec.processor.kafka, site.spec.alerting
    names = sink_names(site.spec)
    for sink, where, part, keys in (
        (CLOUD, "cloud", cloud, (TOKEN, LOGIN)),
        (KAFKA, "processor.kafka", kafka, (LOGIN,)),
        (ALERTMANAGER, "alerting", alerting, (TOKEN, LOGIN)),
        (WEBHOOK, "alerting", alerting, (TOKEN, LOGIN)),
    ):
        if part is not None and sink in names:
            yield from _reference(sink, f"spec.{where}.credentialsSecretRef", part.credentials_secret_ref, *keys)
            yield from _reference(sink, f"spec.{where}.caSecretRef", part.ca_secret_ref, AUTHORITY)


def reference_problem(use: SecretUse, namespace: str, reference: SiteSecret, secret: Secret | ReadError) -> str | None:
    """Return what is wrong with a Secret and what to do; None if nothing is.

    Args:
        use: the rule which Secrets may be used.
        namespace: namespace of the site.
        reference: what the spec names.
        secret: the Secret, or the error with which the read failed.
    """
    if isinstance(secret, Exception):
        return f"{reference.named} cannot be read: {secret}"
    if (problem := use.problem(reference.named, namespace, reference.secret, secret)) is not None:
        return problem
    present = set((secret or {}).get("data") or {})
    if not reference.keys or any(present.issuperset(keys) for keys in reference.keys):
        of_sink = reference.keys == (AUTHORITY,) and reference.user in SINKS
        return _authority_problem(reference.named, secret or {}) if of_sink else None
    wanted = " or ".join(" and ".join(keys) for keys in reference.keys)
    return f"{reference.named} has no key {wanted}: add it"


def _authority_problem(named: str, secret: Mapping[str, Any]) -> str | None:
    try:
        certificates_alone(secret_value(secret, AUTHORITY[0]) or b"")
    except ValueError as error:
        return f"{named} has no certificates that can be used under {AUTHORITY[0]} ({error}): correct it"
    return None


def _reference(user: str, where: str, given: SecretReference | None, *keys: tuple[str, ...]) -> Iterable[SiteSecret]:
    if given is not None and given.name:
        yield SiteSecret(user, where, given.name, keys)
