"""Certificates of the user: expired, for another host, damaged, expiring while the operator watches, and renewed."""

import base64
import datetime as dt
from collections import Counter
from collections.abc import Iterator

import pytest

from edge_operator.desired.kinds import SECRET
from tests.support.processes import OperatorFactory, OperatorProcess, eventually
from tests.support.served_certificates import served
from tests.support.sites import Sites, kind_path
from tests.support.writes import OperatorWrites

DAY = dt.timedelta(days=1)
HOST = "edge.example.com"
EXPIRY = "edge_operator_site_certificate_expiry_timestamp_seconds"


@pytest.fixture(scope="module")
def operator(make_operator: OperatorFactory) -> OperatorProcess:
    return make_operator(EDGE_LOOK_AGAIN_SECONDS="1").start().await_leading()


@pytest.fixture
def patient(operator: OperatorProcess, make_operator: OperatorFactory, sites: Sites) -> Iterator[Sites]:
    """The sites, with an operator that checks without an event once in an hour."""
    operator.stop()
    other = make_operator(EDGE_LOOK_AGAIN_SECONDS="3600").start().await_leading()
    yield sites
    other.stop()
    operator.start().await_leading()


def reconciles(operator: OperatorProcess) -> float:
    return operator.metric("edge_reconciles_total", kind="EdgeSite")


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(microsecond=0)


def put(sites: Sites, secret: str, *names: str, left: dt.timedelta, lifetime: dt.timedelta = 90 * DAY) -> dt.datetime:
    """Put a certificate into the Secret that is valid for another `left`; return its end."""
    end = now() + left
    made = served(*names, begin=end - lifetime, end=end)
    sites.put_secret(secret, tls_crt=made.certificate, tls_key=made.key)
    return end


def spec(secret: str, address: str = HOST) -> dict[str, object]:
    return {
        "gateway": {"tls": {"secretRef": {"name": secret}}, "service": {"externalAddress": address}},
        "broker": {"managed": {"tls": {"secretRef": {"name": secret}}}},
    }


def events(sites: Sites, name: str) -> dict[str, int]:
    """Return the number of Events about certificates of a site by reason."""
    listed = sites.api("GET", f"/apis/events.k8s.io/v1/namespaces/{sites.namespace}/events")["items"]
    about = (each["reason"] for each in listed if each["regarding"]["name"] == name)
    return dict(Counter(reason for reason in about if reason.startswith("Certificate")))


def await_condition(sites: Sites, name: str, condition_type: str, *words: str) -> str:
    def told() -> str | None:
        message = str(sites.condition(name, condition_type).get("message", ""))
        return message if message and all(word in message for word in words) else None

    return str(eventually(f"{condition_type} with {words}", told))


def await_none(sites: Sites, name: str, condition_type: str) -> None:
    eventually(f"no {condition_type}", lambda: not sites.condition(name, condition_type))


def await_ready_reason(sites: Sites, name: str, reason: str, *, is_said: bool = True) -> str:
    def holds() -> bool:
        return (sites.condition(name, "Ready").get("reason") == reason) == is_said

    eventually(f"Ready says {reason}: {is_said}", holds)
    return str(sites.condition(name, "Ready")["message"])


def test_expired_certificate_makes_the_site_not_ready_until_it_is_renewed(
    sites: Sites, operator: OperatorProcess
) -> None:
    name, secret = "expired", "expired-theirs"
    put(sites, secret, HOST, left=-DAY)
    sites.apply(name, spec(secret))
    message = await_ready_reason(sites, name, "CertificateExpired")
    assert (
        f"tls.crt of the Secret {sites.namespace}/{secret}, which spec.broker.managed.tls names, expired at" in message
    )
    assert "spec.gateway.tls" in await_condition(sites, name, "CertificateExpired", "spec.broker.managed.tls")
    assert sites.status(name)["phase"] == "Degraded"
    end = put(sites, secret, HOST, left=90 * DAY)
    await_ready_reason(sites, name, "CertificateExpired", is_said=False)
    await_none(sites, name, "CertificateExpired")
    labels = {"namespace": sites.namespace, "site": name, "secret": secret, "key": "tls.crt"}
    assert operator.metric(EXPIRY, **labels) == end.timestamp()


def test_certificate_expires_while_the_operator_watches_without_any_event_of_the_cluster(
    patient: Sites,
) -> None:
    sites = patient
    name, secret = "soon", "soon-theirs"
    put(sites, secret, HOST, left=dt.timedelta(seconds=8))
    sites.apply(name, spec(secret))
    await_condition(sites, name, "CertificateExpiring", "in less than 1 day: put a valid certificate into the Secret")
    assert sites.condition(name, "Ready")["reason"] != "CertificateExpired"
    await_ready_reason(sites, name, "CertificateExpired")
    await_none(sites, name, "CertificateExpiring")
    eventually("an Event of each", lambda: events(sites, name) == {"CertificateExpiring": 1, "CertificateExpired": 1})


def test_certificate_for_another_host_is_reported_and_nothing_is_written_again(
    sites: Sites, operator: OperatorProcess, writes: OperatorWrites
) -> None:
    name, secret = "misnamed", "misnamed-theirs"
    put(sites, secret, "old.example.com", left=90 * DAY)
    sites.apply(name, spec(secret))
    message = await_condition(sites, name, "CertificateNameMismatch", HOST, "old.example.com")
    assert "spec.broker.managed.tls" in message
    assert "spec.gateway.tls" in message
    assert sites.condition(name, "Ready")["reason"] == "ComponentsNotReady"
    sites.settle(name)
    writes.restart()
    before = reconciles(operator)
    eventually("it was checked again", lambda: reconciles(operator) >= before + 3)
    assert writes.all() == []
    sites.apply(name, spec(secret, "old.example.com"))
    await_none(sites, name, "CertificateNameMismatch")


def test_certificate_that_cannot_be_served_is_named(sites: Sites) -> None:
    name, secret = "damaged", "damaged-theirs"
    sites.apply(name, {"gateway": {"tls": {"secretRef": {"name": secret}}}})
    assert secret in await_ready_reason(sites, name, "CertificateNotFound")
    made = served(HOST, begin=now() - DAY, end=now() + 90 * DAY)
    sites.put_secret(secret, tls_crt=made.certificate, tls_key="hunter2")
    message = await_ready_reason(sites, name, "CertificateInvalid")
    assert "tls.key is not a private key in PEM" in message
    assert "hunter2" not in message
    sites.put_secret(secret, tls_crt=made.certificate, tls_key=made.key)
    await_ready_reason(sites, name, "CertificateInvalid", is_said=False)


def test_own_certificate_of_a_site_that_is_paused_for_too_long_is_reported(sites: Sites) -> None:
    name = "paused-for-long"
    sites.apply(name)
    sites.await_reconciled(name)
    sites.apply(name, {"paused": True})
    eventually("it is paused", lambda: sites.status(name)["phase"] == "Paused")
    assert not sites.condition(name, "CertificateExpiring")
    made = served(f"{name}-gateway.{sites.namespace}.svc", begin=now() - 90 * DAY, end=now() + 5 * DAY)
    texts = {"tls.crt": made.certificate, "tls.key": made.key}
    data = {"data": {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}}
    sites.api.merge(kind_path(SECRET, sites.namespace, f"{name}-mqtt-tls"), data)

    def told() -> str:
        # Nothing else reconciles a site that is paused; what its own Secret contains is read from time to time.
        sites.settle(name)
        return str(sites.condition(name, "CertificateExpiring").get("message", ""))

    message = eventually("its end is reported", told)
    assert "the site's own certificate" in message
    assert "set spec.paused to false" in message
    sites.apply(name)
    await_none(sites, name, "CertificateExpiring")
