"""Whom devices are told to trust where the user brings the broker's certificate: on a real API server."""

import zlib
from dataclasses import dataclass
from functools import partial

import pytest
from kubernetes import client

from e2e.cluster.pki import Authority
from edge_operator.desired.kinds import SECRET
from tests.support.devices import Devices
from tests.support.processes import OperatorFactory, OperatorProcess, eventually
from tests.support.sites import Sites, kind_path
from tests.support.writes import OperatorWrites


@dataclass(frozen=True)
class Hall:
    """A site with a certificate that the user brings, and a device of it."""

    sites: Sites
    name: str

    @property
    def devices(self) -> Devices:
        return Devices(self.sites, self.name)

    @property
    def device(self) -> str:
        return f"{self.name}-pump"

    @property
    def tls(self) -> str:
        """Name of the Secret that the site's spec names."""
        return f"{self.name}-theirs"

    def apply(self) -> None:
        self.sites.apply(self.name, {"broker": {"managed": {"tls": {"secretRef": {"name": self.tls}}}}})
        self.devices.apply(self.device)

    def bring(self, **data: str) -> None:
        self.sites.put_secret(self.tls, **data)

    def take_away(self) -> None:
        self.sites.api("DELETE", kind_path(SECRET, self.sites.namespace, self.tls))

    def await_ready(self, reason: str = "Reconciled") -> str:
        return self.devices.await_reason(self.device, "Ready", reason)

    def login(self) -> dict[str, str] | None:
        return self.devices.secret(f"{self.device}-device-credentials")

    def trusted(self) -> str | None:
        return (self.login() or {}).get("ca.crt")


@pytest.fixture(scope="module")
def operator(make_operator: OperatorFactory) -> OperatorProcess:
    return make_operator(EDGE_LOOK_AGAIN_SECONDS="1").start().await_leading()


@pytest.fixture(scope="module")
def sites(operator: OperatorProcess, namespace: str, api: client.ApiClient) -> Sites:
    return Sites.of(api, namespace)


@pytest.fixture
def hall(sites: Sites, request: pytest.FixtureRequest) -> Hall:
    """A new one; its certificate is not there yet."""
    hall = Hall(sites, f"hall-{zlib.crc32(request.node.name.encode()):x}")
    hall.apply()
    hall.await_ready("CertificateNotFound")
    return hall


def authority() -> tuple[str, str]:
    """Return a new authority's certificate and key, in PEM."""
    pair = Authority.create("theirs").pair()
    return pair.certificate.decode(), pair.key.decode()


def test_devices_follow_the_users_authority(hall: Hall) -> None:
    assert hall.tls in hall.devices.condition(hall.device, "Ready")[2]
    assert hall.login() is None
    (first, _), (second, _) = authority(), authority()
    hall.bring(tls_crt="a certificate", ca_crt=first)
    hall.await_ready()
    assert hall.trusted() == first
    hall.bring(ca_crt=first + second)
    eventually("both", lambda: hall.trusted() == first + second)
    hall.bring(tls_crt="of a public authority")
    eventually("none", lambda: hall.trusted() is None)
    hall.sites.apply(hall.name, {})
    eventually(
        "ours", lambda: hall.trusted() == (hall.devices.secret(f"{hall.name}-mqtt-tls") or {}).get("ca.crt") is not None
    )


def test_nothing_but_certificates_is_told(hall: Hall) -> None:
    certificate, key = authority()
    hall.bring(ca_crt=f"# the factory's\n{key}{certificate}{key}")
    hall.await_ready()
    assert hall.trusted() == certificate


@pytest.mark.parametrize("text", ["no certificate", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"])
def test_what_is_no_authority_is_named(hall: Hall, text: str) -> None:
    hall.bring(ca_crt=text)
    message = hall.await_ready("CertificateInvalid")
    assert hall.tls in message
    assert "ca.crt" in message
    assert hall.login() is None
    hall.bring(ca_crt=authority()[0])
    hall.await_ready()


def test_bundle_that_is_too_long_for_every_device_is_refused(hall: Hall) -> None:
    hall.bring(ca_crt=authority()[0] * 150)
    assert "64 KiB" in hall.await_ready("CertificateInvalid")


def test_what_is_known_stays_while_the_secret_is_away(
    hall: Hall, operator: OperatorProcess, writes: OperatorWrites
) -> None:
    certificate, _ = authority()
    hall.bring(ca_crt=certificate)
    hall.await_ready()
    writes.await_quiet()
    writes.restart()
    hall.take_away()
    passes = partial(operator.metric, "edge_reconciles_total", kind="EdgeSite")
    wanted = passes() + 2 * len(hall.sites.api("GET", hall.sites.path("").rstrip("/"))["items"])
    eventually("every site looked at since", lambda: passes() >= wanted)
    assert (hall.trusted(), writes.to_children()) == (certificate, {})
    hall.bring(ca_crt=certificate)


def test_operator_that_is_restarted_writes_nothing(
    hall: Hall, operator: OperatorProcess, writes: OperatorWrites
) -> None:
    hall.bring(ca_crt=authority()[0])
    hall.await_ready()
    operator.stop()
    writes.await_quiet()
    writes.restart()
    operator.start().await_leading()
    writes.await_quiet(2.0)
    assert writes.all() == []


def test_operator_that_is_restarted_without_the_secret_leaves_the_login(hall: Hall, operator: OperatorProcess) -> None:
    certificate, _ = authority()
    hall.bring(ca_crt=certificate)
    hall.await_ready()
    before = hall.login()
    operator.stop()
    hall.take_away()
    operator.start().await_leading()
    hall.await_ready("CertificateNotFound")
    assert hall.login() == before
