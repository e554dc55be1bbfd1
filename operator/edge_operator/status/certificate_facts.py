"""Facts about the certificates of a site."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """A certificate that components present or trust.

    Attributes:
        what: the certificate, its Secret, and the field of the spec that names it, in words.
        next_step: what to do to renew it.
        begin: first moment in which it is valid (aware).
        end: last moment in which it is valid (aware).
        names: host names and addresses that it is for.
        host: host name or address at which clients connect; empty if the certificate need not have it.
        is_served: whether a component presents it to its clients.
    """

    what: str
    next_step: str
    begin: dt.datetime
    end: dt.datetime
    names: tuple[str, ...] = ()
    host: str = ""
    is_served: bool = False


@dataclass(frozen=True, slots=True)
class CertificateReport:
    """What is wrong with the certificates of a site, in words.

    Attributes:
        expired: those that are not valid any more.
        expiring: those that expire soon.
        misnamed: those that are for other hosts.
        changes_after: seconds until one of these changes; None if none ever does.
    """

    expired: tuple[str, ...] = ()
    expiring: tuple[str, ...] = ()
    misnamed: tuple[str, ...] = ()
    changes_after: float | None = None
