"""Problems of the Secret with a user's certificate, with what to do about them."""

from edge_operator.control.apply.report import ProblemError
from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.identity.secret_use import LABEL
from edge_operator.status import reasons
from edge_operator.status.facts import Problem


class CaBundleUnusableError(ProblemError):
    """The certificate authority of the broker is not known, so that devices cannot verify the broker."""


def not_found(site: ResourceKey, secret: ResourceKey) -> Problem:
    """Return the problem of a missing Secret; it may be temporary, because cert-manager may still create it."""
    message = f"{_named(site, secret)} does not exist: create it, or let cert-manager create it"
    return Problem(reasons.CERTIFICATE_NOT_FOUND, message, lasting=False)


def not_allowed(site: ResourceKey, secret: ResourceKey) -> Problem:
    """Return the problem of a Secret without the label: the broker keeps the certificate that it has."""
    namespace, name = secret
    message = (
        f'{_named(site, secret)} does not have the label {LABEL}: "true", so that the broker does not receive its'
        f" certificate: run kubectl label secret {name} -n {namespace} {LABEL}=true"
    )
    return Problem(reasons.CERTIFICATE_NOT_ALLOWED, message)


def invalid(site: ResourceKey, secret: ResourceKey, most_bytes: int) -> Problem:
    """Return the problem of a Secret with a `ca.crt` that cannot be given to devices."""
    return Problem(
        reasons.CERTIFICATE_INVALID,
        f"ca.crt of the {_named(site, secret)} is not certificates in PEM of {most_bytes // 1024} KiB at most: correct"
        " it, or remove the key",
    )


def _named(site: ResourceKey, secret: ResourceKey) -> str:
    return f"Secret {'/'.join(secret)}, which broker.managed.tls of the EdgeSite {'/'.join(site)} names,"
