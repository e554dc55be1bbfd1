"""Certificates that a spec names: which are read, how often, and what is reported of them."""

import base64
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from edge_operator.cluster.objects import ObjectClient
from edge_operator.control.credentials.certificate_references import certificate_references
from edge_operator.control.credentials.user_certificates import QUIET_PERIODS, UserCertificates
from edge_operator.desired.inputs import SiteInput
from edge_operator.desired.kinds import ChildKind
from edge_operator.identity.secret_use import SecretUse
from edge_operator.status.certificate_facts import CertificateReport
from edge_operator.status.facts import Problem
from edge_operator.telemetry.metrics import Metrics
from tests.edge_operator.desired.sites import make_site
from tests.support.served_certificates import Served, served

RECHECK = 30.0
NOW, DAY = dt.datetime(2026, 11, 30, 12, tzinfo=dt.UTC), dt.timedelta(days=1)
HOST = "edge.example.com"
KEY = ("plant", "factory")
EXPIRY = "edge_operator_site_certificate_expiry_timestamp_seconds"


def valid_for(left: dt.timedelta, *names: str) -> Served:
    return served(*names, begin=NOW - 90 * DAY, end=NOW + left)


GOOD, EXPIRED = valid_for(80 * DAY, HOST), valid_for(-DAY, HOST)


def tls(secret: str) -> dict[str, Any]:
    return {"secretRef": {"name": secret}}


def external(**references: dict[str, str]) -> dict[str, Any]:
    return {"type": "External", "external": {"url": "mqtts://b", **references}}


SPECS: dict[str, tuple[dict[str, Any], bool, list[tuple[str, str, str, str]]]] = {
    "its own": ({}, False, []),
    "its own, while paused": ({}, True, [("factory-mqtt-tls", "tls.crt", "", "")]),
    "the broker's": (
        {"broker": {"managed": {"tls": tls("b")}}},
        False,
        [
            ("b", "tls.crt", "spec.broker.managed.tls", "factory-gateway.plant.svc"),
            ("b", "ca.crt", "spec.broker.managed.tls", ""),
        ],
    ),
    "the gateway's, inside": (
        {"gateway": {"tls": tls("g")}},
        False,
        [("g", "tls.crt", "spec.gateway.tls", "")],
    ),
    "the gateway's, outside": (
        {"gateway": {"tls": tls("g"), "service": {"externalAddress": HOST}}},
        False,
        [("g", "tls.crt", "spec.gateway.tls", HOST)],
    ),
    "an external broker's": (
        {"broker": external(caSecretRef={"name": "e"})},
        True,
        [("e", "ca.crt", "spec.broker.external.caSecretRef", "")],
    ),
    "an external broker's of the system": ({"broker": external()}, True, []),
    "of the sinks": (
        {
            "cloud": {"endpoint": "https://c", "caSecretRef": {"name": "c"}},
            "processor": {"kafka": {"brokers": ["k:9092"], "topic": "t", "caSecretRef": {"name": "k"}}},
            "alerting": {"webhook": {"url": "https://w"}, "caSecretRef": {"name": "a"}},
        },
        False,
        [
            ("c", "ca.crt", "spec.cloud.caSecretRef", ""),
            ("k", "ca.crt", "spec.processor.kafka.caSecretRef", ""),
            ("a", "ca.crt", "spec.alerting.caSecretRef", ""),
        ],
    ),
}


@pytest.mark.parametrize(("spec", "paused", "expected"), SPECS.values(), ids=SPECS)
def test_every_certificate_of_a_site_is_read(
    spec: dict[str, Any], expected: list[tuple[str, str, str, str]], *, paused: bool
) -> None:
    found = certificate_references(make_site(spec), paused=paused)
    assert [(each.secret, each.key, each.where, each.host) for each in found] == expected


def test_address_of_a_load_balancer_is_the_host() -> None:
    site = replace(
        make_site({"gateway": {"tls": tls("g")}, "broker": {"managed": {"tls": tls("b")}}}), addresses=("::7",)
    )
    assert [each.host for each in certificate_references(site, paused=False)] == ["::7", "", "::7"]


@dataclass
class Place:
    """The Secrets of one namespace: their content by name."""

    secrets: dict[str, Mapping[str, str]] = field(default_factory=dict)
    is_labelled: bool = True
    reads: list[str] = field(default_factory=list)
    clock: float = 0.0
    wall_clock: dt.datetime = NOW
    metrics: Metrics = field(default_factory=Metrics)

    def __post_init__(self) -> None:
        client = cast(ObjectClient, self)
        self.found = UserCertificates(
            client, lambda: self.clock, lambda: self.wall_clock, RECHECK, self.metrics, SecretUse()
        )

    async def get(self, _kind: ChildKind, namespace: str, name: str) -> dict[str, Any] | None:
        self.reads.append(name)
        if name not in self.secrets:
            return None
        data = {key: base64.b64encode(text.encode()).decode() for key, text in self.secrets[name].items()}
        labels = {"edge-stack.io/use": "true"} if self.is_labelled else {}
        return {"metadata": {"namespace": namespace, "name": name, "labels": labels}, "data": data}

    async def report(self, site: SiteInput) -> tuple[CertificateReport, tuple[Problem, ...]]:
        return await self.found.report(site, paused=False)

    def expiry(self, secret: str) -> float | None:
        labels = {"namespace": KEY[0], "site": KEY[1], "secret": secret, "key": "tls.crt"}
        return self.metrics.registry.get_sample_value(EXPIRY, labels)


def secret(certificate: Served) -> dict[str, str]:
    return {"tls.crt": certificate.certificate, "tls.key": certificate.key}


G = "Secret plant/g, which spec.gateway.tls names,"
GATEWAY = make_site({"gateway": {"tls": tls("g"), "service": {"externalAddress": HOST}}})
PROBLEMS: dict[str, tuple[dict[str, Mapping[str, str]], str, bool]] = {
    "missing": (
        {},
        (f"CertificateNotFound: {G} does not exist: create it, or let cert-manager create it"),
        False,
    ),
    "without a certificate": (
        {"g": {"tls.key": GOOD.key}},
        (f"CertificateInvalid: tls.crt of the {G} cannot be used: it has no key tls.crt: correct the Secret"),
        True,
    ),
    "with another key": (
        {"g": {"tls.crt": GOOD.certificate, "tls.key": EXPIRED.key}},
        (
            f"CertificateInvalid: tls.crt of the {G} cannot be used: tls.key is not"
            " the private key of tls.crt: correct the Secret"
        ),
        True,
    ),
    "expired": (
        {"g": secret(EXPIRED)},
        (
            f"CertificateExpired: tls.crt of the {G} expired at"
            " 2026-11-29T12:00:00Z, and clients with TLS refuse it: put a valid certificate into the Secret"
        ),
        True,
    ),
}


@pytest.mark.parametrize(("secrets", "text", "lasting"), PROBLEMS.values(), ids=PROBLEMS)
async def test_certificate_that_clients_refuse_is_a_problem(
    secrets: dict[str, Mapping[str, str]], text: str, *, lasting: bool
) -> None:
    _, (problem,) = await Place(secrets).report(GATEWAY)
    assert (f"{problem.reason}: {problem.message}", problem.lasting) == (text, lasting)


async def test_certificates_with_which_nothing_is_wrong_are_read_rarely_and_others_at_each_check() -> None:
    place = Place({"g": secret(GOOD)})
    for place.clock in range(0, int(RECHECK * QUIET_PERIODS), int(RECHECK)):
        assert await place.report(GATEWAY) == (CertificateReport(changes_after=50 * 86400), ())
    assert place.reads == ["g", "g"]
    place.wall_clock += 80 * DAY
    for _ in range(3):
        place.clock += RECHECK
        assert (await place.report(GATEWAY))[0].expired
    assert place.reads == ["g"] * 5


async def test_metric_has_the_end_of_each_certificate_while_this_process_leads() -> None:
    place = Place({"g": secret(GOOD)})
    await place.report(GATEWAY)
    assert place.expiry("g") == (NOW + 80 * DAY).timestamp()
    place.secrets["h"] = secret(EXPIRED)
    await place.report(make_site({"gateway": {"tls": tls("h")}}))
    assert (place.expiry("g"), place.expiry("h")) == (None, (NOW - DAY).timestamp())
    place.found.remove(KEY)
    assert place.expiry("h") is None


async def test_authority_of_a_sink_is_read_only_with_the_label() -> None:
    place = Place({"c": {"ca.crt": EXPIRED.certificate}}, is_labelled=False)
    site = make_site({"cloud": {"endpoint": "https://c", "caSecretRef": {"name": "c"}}})
    assert await place.report(site) == (CertificateReport(), ())
    place.is_labelled = True
    place.clock += RECHECK * QUIET_PERIODS
    report, problems = await place.report(site)
    assert problems == (), "the condition of the cloud reports that it cannot be reached"
    assert report.expired == (
        (
            "ca.crt of the Secret plant/c, which spec.cloud.caSecretRef names, expired at 2026-11-29T12:00:00Z, and"
            " connections with TLS fail: put a valid certificate into the Secret"
        ),
    )
