"""The certificates that a site's spec names: which have expired, expire soon, or are for another host. Pure."""

import datetime as dt
from collections.abc import Iterable

from edge_operator.identity.user_certificates import is_for_host

from . import reasons
from .certificate_facts import CertificateFacts, CertificateReport
from .condition_value import ConditionValue
from .facts import Problem

FROM_CERTIFICATES = (
    reasons.CERTIFICATE_EXPIRED,
    reasons.CERTIFICATE_EXPIRING,
    reasons.CERTIFICATE_NAME_MISMATCH,
)
"""Types of these conditions, each with one reason of the same name.

They stay until the certificates were read, and are present only while they are true.
"""

EARLIEST = dt.timedelta(days=30)
"""Longest time before the end of a certificate for which CertificateExpiring is present."""

LAST_PART = 4
"""CertificateExpiring is present in the last quarter of a lifetime at most: cert-manager renews in the last third."""

REMINDERS = (dt.timedelta(days=1), dt.timedelta(days=7))
"""Times before the end at which the message changes, with another Event, the last first."""

NAMED = 5
"""Maximum number of a certificate's names in a message."""


def certificate_report(certificates: Iterable[CertificateFacts], now: dt.datetime) -> CertificateReport:
    """Return what is wrong with `certificates` at `now` (aware)."""
    given = tuple(certificates)
    changes = [each - now for one in given for each in _moments(one) if each > now]
    return CertificateReport(
        expired=tuple(_expired(each) for each in given if each.end <= now),
        expiring=tuple(_expiring(each, now) for each in given if _warned_from(each) <= now < each.end),
        misnamed=tuple(_misnamed(each) for each in given if each.host and not is_for_host(each.names, each.host)),
        changes_after=min(changes).total_seconds() if changes else None,
    )


def certificate_conditions(report: CertificateReport) -> dict[str, ConditionValue | None]:
    """Return the value of each condition by type; None if it is absent."""
    messages = zip(FROM_CERTIFICATES, (report.expired, report.expiring, report.misnamed), strict=True)
    return {name: ConditionValue("True", name, "; ".join(each)) if each else None for name, each in messages}


def certificate_problems(certificates: Iterable[CertificateFacts], now: dt.datetime) -> tuple[Problem, ...]:
    """Return the problems of certificates that clients of the site refuse at `now` (aware)."""
    problems = []
    for each in certificates:
        if each.is_served and each.end <= now:
            problems.append(Problem(reasons.CERTIFICATE_EXPIRED, _expired(each)))
        elif each.is_served and each.begin > now:
            message = f"{each.what} is not valid before {_time(each.begin)}: wait, or correct the clock of its issuer"
            problems.append(Problem(reasons.CERTIFICATE_INVALID, message, lasting=False))
    return tuple(problems)


def _expired(certificate: CertificateFacts) -> str:
    effect = "clients with TLS refuse it" if certificate.is_served else "connections with TLS fail"
    return f"{certificate.what} expired at {_time(certificate.end)}, and {effect}: {certificate.next_step}"


def _expiring(certificate: CertificateFacts, now: dt.datetime) -> str:
    left = next((each for each in REMINDERS if certificate.end - now <= each), None)
    soon = "" if left is None else f", in less than {left.days} day{'s' if left.days > 1 else ''}"
    return f"{certificate.what} expires at {_time(certificate.end)}{soon}: {certificate.next_step}"


def _misnamed(certificate: CertificateFacts) -> str:
    more = f" (and {len(certificate.names) - NAMED} more)" if len(certificate.names) > NAMED else ""
    names = ", ".join(certificate.names[:NAMED]) + more or "none"
    return (
        f"{certificate.what} is not for {certificate.host}, the address at which clients connect; its names: {names}:"
        " add this name to the certificate, or set gateway.service.externalAddress to one of its names"
    )


def _moments(certificate: CertificateFacts) -> Iterable[dt.datetime]:
    """Yield the times at which the report on a certificate changes."""
    yield from (certificate.begin, _warned_from(certificate), certificate.end)
    yield from (certificate.end - each for each in REMINDERS)


def _warned_from(certificate: CertificateFacts) -> dt.datetime:
    return certificate.end - min(EARLIEST, (certificate.end - certificate.begin) / LAST_PART)


def _time(moment: dt.datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
