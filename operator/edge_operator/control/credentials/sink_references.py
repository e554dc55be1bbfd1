"""The Secrets that a site's spec names for its sinks, and what can be wrong with them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from edge_operator.api.references import SecretReference
from edge_operator.cluster.errors import ApiError, UnreachableError
from edge_operator.desired.encoding import secret_value
from edge_operator.desired.inputs import SiteInput
from edge_operator.desired.sinks import ALERTMANAGER, CLOUD, KAFKA, WEBHOOK, sink_names
from edge_operator.identity.user_certificates import certificates_alone

LABEL = "edge-stack.io/use"
"""Label of the Secrets that may be used. Without it, who may edit a site could send any Secret to a host."""

LOGIN = ("username", "password")
TOKEN = ("token",)
AUTHORITY = ("ca.crt",)

ReadError = ApiError | UnreachableError
Secret = Mapping[str, Any] | None
"""A Secret as the API server has it; None if it does not exist."""


@dataclass(frozen=True, slots=True)
class SinkReference:
    """A Secret that the spec names.

    Attributes:
        sink: name of the sink.
        where: field of the spec that names it.
        secret: its name.
        keys: sets of keys of which it must have one.
    """

    sink: str
    where: str
    secret: str
    keys: tuple[tuple[str, ...], ...]


def sink_references(site: SiteInput) -> Iterable[SinkReference]:
    """Yield the Secrets that the spec of a site names for the sinks that it configures."""
    cloud, kafka, alerting = site.spec.cloud, site.spec.processor.kafka, site.spec.alerting
    names = sink_names(site.spec)
    for sink, where, part, keys in (
        (CLOUD, "cloud", cloud, (TOKEN, LOGIN)),
        (KAFKA, "processor.kafka", kafka, (LOGIN,)),
        (ALERTMANAGER, "alerting", alerting, (TOKEN, LOGIN)),
        (WEBHOOK, "alerting", alerting, (TOKEN, LOGIN)),
    ):
        if part is not None and sink in names:
            yield from _reference(sink, f"spec.{where}.credentialsSecretRef", part.credentials_secret_ref, keys)
            yield from _reference(sink, f"spec.{where}.caSecretRef", part.ca_secret_ref, (AUTHORITY,))


def is_usable(secret: Secret) -> bool:
    """Return whether a Secret exists and has the label."""
    return secret is not None and _is_labelled(secret)


def reference_problem(reference: SinkReference, secret: Secret | ReadError) -> str | None:
    """Return what is wrong with a Secret and what to do; None if nothing is.

    Args:
        reference: what the spec names.
        secret: the Secret, or the error with which the read failed.
    """
    named = f"the Secret {reference.secret}, named in {reference.where},"
    label = f"kubectl label secret {reference.secret} {LABEL}=true"
    if isinstance(secret, Exception):
        return f"{named} cannot be read: {secret}"
    if secret is None:
        return f"{named} does not exist: create it, then run {label}"
    if not _is_labelled(secret):
        return f'{named} does not have the label {LABEL}: "true": run {label}'
    present = set(secret.get("data") or {})
    if any(present.issuperset(keys) for keys in reference.keys):
        return _authority_problem(named, secret) if reference.keys == (AUTHORITY,) else None
    wanted = " or ".join(" and ".join(keys) for keys in reference.keys)
    return f"{named} has no key {wanted}: add it"


def _authority_problem(named: str, secret: Mapping[str, Any]) -> str | None:
    try:
        certificates_alone(secret_value(secret, AUTHORITY[0]) or b"")
    except ValueError as error:
        return f"{named} has no certificates that can be used under {AUTHORITY[0]} ({error}): correct it"
    return None


def _is_labelled(secret: Mapping[str, Any]) -> bool:
    return bool((secret["metadata"].get("labels") or {}).get(LABEL) == "true")


def _reference(
    sink: str, where: str, given: SecretReference | None, keys: tuple[tuple[str, ...], ...]
) -> Iterable[SinkReference]:
    if given is not None and given.name:
        yield SinkReference(sink, where, given.name, keys)
