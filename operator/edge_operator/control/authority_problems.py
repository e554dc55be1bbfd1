"""What can be wrong with the Secret of a certificate that the user brings, and what to do about it."""

from edge_operator.status.facts import Problem

from .store import ResourceKey


class AuthorityUnusableError(Exception):
    """Devices cannot be told whom to trust. `problem` says why, and what to do."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def not_found(site: ResourceKey, secret: ResourceKey) -> Problem:
    """Return the problem of a Secret that is not there."""
    return Problem(
        "CertificateNotFound",
        f"there is no Secret {secret[0]}/{secret[1]}, which broker.managed.tls of the EdgeSite {site[0]}/{site[1]}"
        " names: make it, or have cert-manager make it",
    )


def invalid(site: ResourceKey, secret: ResourceKey, why: str) -> Problem:
    """Return the problem of a Secret whose `ca.crt` is no authority."""
    return Problem(
        "CertificateInvalid",
        f"the key ca.crt of the Secret {secret[0]}/{secret[1]}, which broker.managed.tls of the EdgeSite"
        f" {site[0]}/{site[1]} names, cannot be given to devices ({why}): correct or remove the key",
    )
