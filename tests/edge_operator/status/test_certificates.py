"""Certificates in the status of a site: what is reported when, word for word."""

import datetime as dt
from dataclasses import replace

import pytest

from edge_operator.api.conditions import find_condition
from edge_operator.status.certificate_facts import CertificateFacts, CertificateReport
from edge_operator.status.certificates import certificate_conditions, certificate_problems, certificate_report
from edge_operator.status.events import Event, site_events
from edge_operator.status.facts import ComponentFacts, Problem, SiteFacts
from edge_operator.status.site import site_status, site_update

DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)
END = dt.datetime(2026, 12, 31, 12, tzinfo=dt.UTC)
WHAT = "tls.crt of the Secret factory/tls, which spec.broker.managed.tls names,"
OURS = CertificateFacts(WHAT, "renew it", END - 90 * DAY, END, ("edge.example.com",), is_served=True)
YEAR, TRUSTED = replace(OURS, begin=END - 365 * DAY), replace(OURS, is_served=False)
AT = "2026-12-31T12:00:00Z"

EXPIRING: dict[str, tuple[CertificateFacts, dt.timedelta, str | None]] = {
    "new": (OURS, 89 * DAY, None),
    "cert-manager renews it": (OURS, 30 * DAY, None),
    "cert-manager should have renewed it": (OURS, 22 * DAY, f"{WHAT} expires at {AT}: renew it"),
    "of a year": (YEAR, 30 * DAY + HOUR, None),
    "of a year, in its last month": (YEAR, 30 * DAY, f"{WHAT} expires at {AT}: renew it"),
    "in its last week": (YEAR, 7 * DAY, f"{WHAT} expires at {AT}, in less than 7 days: renew it"),
    "on its last day": (YEAR, HOUR, f"{WHAT} expires at {AT}, in less than 1 day: renew it"),
    "at its end": (YEAR, 0 * DAY, None),
}


@pytest.mark.parametrize(("facts", "left", "message"), EXPIRING.values(), ids=EXPIRING)
def test_certificate_that_expires_soon(facts: CertificateFacts, left: dt.timedelta, message: str | None) -> None:
    report = certificate_report([facts], END - left)
    assert report.expiring == (() if message is None else (message,))
    assert certificate_problems([facts], END - left) == () or left == 0 * DAY


def test_each_change_is_due_when_it_comes() -> None:
    now, seen = END - 90 * DAY, []
    while (after := certificate_report([OURS], now).changes_after) is not None:
        now += dt.timedelta(seconds=after)
        seen.append(END - now)
    assert seen == [22.5 * DAY, 7 * DAY, DAY, 0 * DAY]


def test_certificate_that_has_expired_is_refused_and_a_problem_if_it_is_served() -> None:
    served, trusted = certificate_report([OURS], END).expired, certificate_report([TRUSTED], END).expired
    assert served == (f"{WHAT} expired at {AT}, and clients with TLS refuse it: renew it",)
    assert trusted == (f"{WHAT} expired at {AT}, and connections with TLS fail: renew it",)
    assert certificate_problems([OURS, TRUSTED], END) == (Problem("CertificateExpired", served[0]),)


def test_certificate_that_is_not_valid_yet_is_a_problem_until_then() -> None:
    (problem,) = certificate_problems([OURS], OURS.begin - HOUR)
    assert (
        problem.message == f"{WHAT} is not valid before 2026-10-02T12:00:00Z: wait, or correct the clock of its issuer"
    )
    assert (problem.reason, problem.lasting) == ("CertificateInvalid", False)
    assert certificate_report([OURS], OURS.begin - HOUR).changes_after == HOUR.total_seconds()


def test_certificate_for_another_host_names_the_hosts_that_it_is_for() -> None:
    many = tuple(f"{letter}.example.com" for letter in "abcdefg")
    told = certificate_report(
        [replace(OURS, host="edge.example.com"), replace(OURS, host="192.0.2.7"), replace(OURS, names=many, host="z")],
        END,
    ).misnamed
    step = ": add this name to the certificate, or set gateway.service.externalAddress to one of its names"
    address = "the address at which clients connect; its names:"
    assert told == (
        f"{WHAT} is not for 192.0.2.7, {address} edge.example.com{step}",
        f"{WHAT} is not for z, {address} {', '.join(many[:5])} (and 2 more){step}",
    )
    (nameless,) = certificate_report([replace(OURS, names=(), host="z")], END).misnamed
    assert f"its names: none{step}" in nameless


def test_conditions_are_there_only_while_something_is_wrong() -> None:
    assert set(certificate_conditions(CertificateReport()).values()) == {None}
    values = certificate_conditions(CertificateReport(("a", "b"), ("c",), ("d",)))
    assert {name: (value.status, value.reason, value.message) for name, value in values.items() if value} == {
        "CertificateExpired": ("True", "CertificateExpired", "a; b"),
        "CertificateExpiring": ("True", "CertificateExpiring", "c"),
        "CertificateNameMismatch": ("True", "CertificateNameMismatch", "d"),
    }


WELL = SiteFacts(1, components=(ComponentFacts("gateway", "i", 1, 1, rolled_out=True),))
SOON = replace(WELL, certificates=CertificateReport(expiring=("soon",)))


def test_site_stays_ready_while_a_certificate_expires_soon_and_is_written_once() -> None:
    status = site_status(SOON, {}, "now")
    assert (status["phase"], find_condition(status, "Ready")["status"]) == ("Ready", "True")
    assert site_update(SOON, status, "later") is None
    assert site_update(WELL, status, "later") is None, "a new leader has not read it yet"
    renewed = site_update(replace(WELL, certificates=CertificateReport()), status, "later")
    assert renewed is not None
    assert not find_condition(renewed, "CertificateExpiring")


def test_each_reminder_is_an_event() -> None:
    first = site_status(SOON, {}, "now")
    second = site_status(replace(WELL, certificates=CertificateReport(expiring=("sooner",))), first, "now")
    assert site_events(site_status(WELL, {}, "now"), first) == (Event("Warning", "CertificateExpiring", "soon"),)
    assert site_events(first, second) == (Event("Warning", "CertificateExpiring", "sooner"),)
    assert site_events(second, second) == ()


def test_expired_certificate_has_one_event_that_of_ready() -> None:
    facts = replace(
        WELL, problems=(Problem("CertificateExpired", "it is"),), certificates=CertificateReport(expired=("it is",))
    )
    events = site_events(site_status(WELL, {}, "now"), site_status(facts, {}, "now"))
    assert events == (Event("Warning", "CertificateExpired", "Degraded: it is"),)


def test_expired_authority_has_an_event_and_leaves_the_site_ready() -> None:
    facts = replace(WELL, certificates=CertificateReport(expired=("ca.crt",)))
    status = site_status(facts, {}, "now")
    assert status["phase"] == "Ready"
    assert site_events(site_status(WELL, {}, "now"), status) == (Event("Warning", "CertificateExpired", "ca.crt"),)
