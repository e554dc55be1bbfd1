"""The authority in the devices' Secrets if the user provides the broker's certificate: on a real API server."""

import base64
import datetime as dt
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pytest

from e2e.cluster.pki import Authority
from edge_operator.desired.kinds import SECRET
from tests.support.devices import Devices
from tests.support.processes import OperatorFactory, OperatorProcess, eventually
from tests.support.served_certificates import served
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
        """Put a certificate for the site into the Secret, and `data`."""
        now = dt.datetime.now(dt.UTC)
        host = f"{self.name}-gateway.{self.sites.namespace}.svc"
        made = served(host, begin=now - dt.timedelta(days=1), end=now + dt.timedelta(days=90))
        self.sites.put_secret(self.tls, **{"tls_crt": made.certificate, "tls_key": made.key, **data})

    def take_away(self) -> None:
        self.sites.api("DELETE", kind_path(SECRET, self.sites.namespace, self.tls))

    def await_ready(self, reason: str = "Reconciled") -> str:
        return self.devices.await_reason(self.device, "Ready", reason)

    def await_site(self, reason: str, *, is_said: bool = True) -> None:
        """Return once the site's Ready has that reason, or another one."""

        def holds() -> bool:
            return (self.sites.condition(self.name, "Ready").get("reason") == reason) == is_said

        eventually(f"the site says {reason}: {is_said}", holds)

    def await_agent(self, *, may: bool = True) -> None:
        """Return once the broker's agent may read the certificate, or may not."""

        def is_so() -> bool:
            role = self.sites.children(self.name).get(("Role", f"{self.name}-mqtt"))
            return role is not None and (self.tls in role["rules"][0]["resourceNames"]) is may

        eventually(f"the agent may read {self.tls}: {may}", is_so)

    def login(self) -> dict[str, str] | None:
        return self.devices.secret(f"{self.device}-device-credentials")

    def await_broker_login(self, device: str | None = None) -> str:
        """Return the line of a device in the broker's Secret, which is written after the device's own."""
        name = device or self.device

        def line() -> str | None:
            shard = self.sites.child(SECRET, f"{self.name}-mqtt-auth-0")
            lines = base64.b64decode(shard["data"]["passwords"]).decode().splitlines() if shard else []
            return next((line for line in lines if line.startswith(f"{name}:")), None)

        found: str = eventually(f"{name} in {self.name}-mqtt-auth-0", line)
        return found

    def trusted(self) -> str | None:
        return (self.login() or {}).get("ca.crt")


@pytest.fixture(scope="module")
def operator(make_operator: OperatorFactory) -> OperatorProcess:
    return make_operator(EDGE_LOOK_AGAIN_SECONDS="1").start().await_leading()


@pytest.fixture
def hall(sites: Sites, request: pytest.FixtureRequest) -> Hall:
    """A new one; its certificate is not there yet."""
    hall = Hall(sites, f"hall-{zlib.crc32(request.node.name.encode()):x}")
    hall.apply()
    hall.await_ready("CertificateNotFound")
    hall.await_site("CertificateNotFound")
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


def test_nothing_but_certificates_is_copied(hall: Hall) -> None:
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


def test_issued_secrets_stay_without_the_user_secret_and_the_site_reports_it(
    hall: Hall, writes: OperatorWrites
) -> None:
    hall.bring(ca_crt=authority()[0])
    hall.await_ready()
    hall.await_site("CertificateNotFound", is_said=False)
    before = hall.login()
    hall.devices.await_login(hall.device)
    line = hall.await_broker_login()
    hall.sites.settle(hall.name)
    writes.restart()
    hall.take_away()
    hall.await_site("CertificateNotFound")
    hall.devices.apply("newcomer")
    hall.devices.await_reason("newcomer", "Ready", "CertificateNotFound")
    # The broker takes a login that nobody has been given; that of the other device stays.
    hall.await_broker_login("newcomer")
    assert (hall.login(), hall.await_broker_login()) == (before, line)
    logins = {f"secrets/{hall.name}-mqtt-auth", f"secrets/{hall.name}-mqtt-auth-0"}
    # A Secret of that name could be created without the label: the broker's agent may not read it.
    hall.await_agent(may=False)
    assert writes.to_children().keys() - logins == {f"roles/{hall.name}-mqtt"}
    hall.await_ready()


def test_operator_that_is_restarted_writes_nothing(
    hall: Hall, operator: OperatorProcess, writes: OperatorWrites
) -> None:
    hall.bring(ca_crt=authority()[0])
    hall.await_ready()
    hall.await_agent()
    operator.stop()
    writes.await_quiet()
    writes.restart()
    operator.start().await_leading()
    writes.await_quiet(2.0)
    assert writes.all() == []


@pytest.mark.parametrize("spoil", [Hall.take_away, partial(Hall.bring, ca_crt="spoilt")], ids=["gone", "spoilt"])
def test_operator_that_starts_without_it_keeps_logins_and_rotates_them(
    hall: Hall, operator: OperatorProcess, writes: OperatorWrites, spoil: Callable[[Hall], None]
) -> None:
    certificate, _ = authority()
    hall.bring(ca_crt=certificate)
    hall.await_ready()
    before = hall.login()
    assert before is not None
    operator.stop()
    spoil(hall)
    writes.restart()
    operator.start().await_leading()
    hall.await_site("CertificateNotFound" if spoil is Hall.take_away else "CertificateInvalid")
    hall.devices.apply(hall.device, credentials={"rotation": 1})
    hall.await_ready()
    after = hall.login()
    assert after is not None
    assert after["password"] == before["password"], "the broker takes it until the switch"
    assert after["nextPassword"] != before["password"]
    assert after["ca.crt"] == certificate
    assert writes.to_children()[f"secrets/{hall.device}-device-credentials"] == 1
