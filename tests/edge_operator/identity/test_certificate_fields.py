"""Fields of a site's certificates, and which of a user's are accepted."""

import datetime as dt
import hashlib
import ssl
import warnings
from collections.abc import Callable

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from edge_operator.identity.certificates import (
    Certificate,
    authority_certificate,
    broker_certificate,
    period_of,
    seconds_left,
)
from edge_operator.identity.passwords import password_line
from edge_operator.identity.user_certificates import certificates_alone

ROOT, NAME = bytes(range(7, 39)), "ns/plant"
HOSTS = ["edge.example.com", "plant-gateway.ns.svc", "192.0.2.7", "edge.example.com", "2001:db8::7"]
DAY = dt.timedelta(days=1)


def made() -> Certificate:
    return broker_certificate(ROOT, NAME, HOSTS, 3)


def authority() -> x509.Certificate:
    return x509.load_pem_x509_certificate(authority_certificate(ROOT, NAME).encode())


def broker() -> x509.Certificate:
    return x509.load_pem_x509_certificate(made().certificate.encode())


FROZEN: dict[str, tuple[Callable[[], str], str]] = {
    "authority": (
        lambda: authority_certificate(ROOT, NAME),
        "f333b4fd6cfd16c6640b02a92c10eca0af0e0f741dd71584fe52c60d82cfd3ad",
    ),
    "broker": (lambda: made().certificate, "38045c08551843d016af0914c5857f679ff95efd0f459d6bd9ac59021ddbcc82"),
    "broker's key": (lambda: made().key, "f7891a57d2b94603828d763205d83ef10a50c8fb359f6e0403080c135d958ae2"),
}


@pytest.mark.parametrize(("make", "digest"), FROZEN.values(), ids=FROZEN)
def test_certificates_are_frozen(make: Callable[[], str], digest: str) -> None:
    pem = make()
    assert hashlib.sha256(pem.encode()).hexdigest() == digest, "devices hold the authority: another cuts them all off"


def names(certificate: x509.Certificate) -> tuple[str, str]:
    return certificate.subject.rfc4514_string(), certificate.issuer.rfc4514_string()


def extensions(certificate: x509.Certificate) -> dict[type[x509.ExtensionType], tuple[bool, x509.ExtensionType]]:
    return {type(each.value): (each.critical, each.value) for each in certificate.extensions}


def usage(*, signs_certificates: bool) -> x509.KeyUsage:
    others = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only"), False
    )
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        decipher_only=False,
        **others,
    )


def test_authority_signs_certificates_of_brokers_and_no_further_authorities() -> None:
    own = authority()
    assert names(own) == ("CN=edge-stack ns/plant", "CN=edge-stack ns/plant")
    assert own.not_valid_before_utc == dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    assert own.not_valid_after_utc == dt.datetime(2066, 1, 1, tzinfo=dt.UTC)
    assert extensions(own) == {
        x509.BasicConstraints: (True, x509.BasicConstraints(ca=True, path_length=0)),
        x509.KeyUsage: (True, usage(signs_certificates=True)),
        x509.SubjectKeyIdentifier: (False, x509.SubjectKeyIdentifier.from_public_key(public_key(own))),
    }


def public_key(certificate: x509.Certificate) -> ec.EllipticCurvePublicKey:
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.curve.name == "secp256r1"
    return key


def test_certificate_of_the_broker_is_for_a_server_of_these_names() -> None:
    own, signer = broker(), authority()
    assert names(own) == ("CN=edge.example.com", "CN=edge-stack ns/plant")
    begin = dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + 3 * 30 * DAY
    assert (own.not_valid_before_utc, own.not_valid_after_utc) == (begin - DAY, begin + 90 * DAY)
    found = extensions(own)
    critical, alternative = found.pop(x509.SubjectAlternativeName)
    assert isinstance(alternative, x509.SubjectAlternativeName)
    assert (critical, [str(each.value) for each in alternative]) == (
        False,
        ["edge.example.com", "plant-gateway.ns.svc", "192.0.2.7", "2001:db8::7"],
    )
    assert found == {
        x509.BasicConstraints: (True, x509.BasicConstraints(ca=False, path_length=None)),
        x509.ExtendedKeyUsage: (False, x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])),
        x509.KeyUsage: (True, usage(signs_certificates=False)),
        x509.AuthorityKeyIdentifier: (
            False,
            x509.AuthorityKeyIdentifier.from_issuer_public_key(public_key(signer)),
        ),
    }
    key = serialization.load_pem_private_key(made().key.encode(), None)
    assert key.public_key() == public_key(own)
    own.verify_directly_issued_by(signer)


@pytest.mark.parametrize("make", [authority, broker])
def test_serial_number_is_of_128_bits_and_never_0(make: Callable[[], x509.Certificate]) -> None:
    number = make().serial_number
    assert number.bit_length() <= 128
    assert number % 2 == 1, "an odd number is not 0, which RFC 5280 forbids"


@pytest.mark.parametrize(("length", "kept"), [(64, 64), (65, 64)])
def test_common_name_is_cut_where_x509_ends_it(length: int, kept: int) -> None:
    host = "h" * length
    own = x509.load_pem_x509_certificate(broker_certificate(ROOT, NAME, [host], 0).certificate.encode())
    (common,) = own.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert common.value == host[:kept], "X.520: at most 64 characters"


BEGIN = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("now", "period", "left"),
    [
        pytest.param(BEGIN, 0, 30 * 86400.0, id="its first moment"),
        pytest.param(BEGIN + 30 * DAY - dt.timedelta(seconds=1), 0, 1.0, id="its last second"),
        pytest.param(BEGIN + 30 * DAY, 1, 30 * 86400.0, id="the next"),
        pytest.param(BEGIN - DAY, 0, 31 * 86400.0, id="a clock that is behind"),
    ],
)
def test_period_and_what_is_left_of_it(now: dt.datetime, period: int, left: float) -> None:
    assert (period_of(now), seconds_left(now)) == (period, left)


def of_serial(number: int) -> bytes:
    """Return a certificate in PEM with a serial number of one byte, that no builder would make."""
    key, name = ec.derive_private_key(7, ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mine")])
    builder = x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
    signed = builder.serial_number(1).not_valid_before(BEGIN).not_valid_after(BEGIN + DAY).sign(key, hashes.SHA256())
    der, head = signed.public_bytes(serialization.Encoding.DER), bytes.fromhex("a0030201020201")
    assert der.count(head + b"\x01") == 1
    return ssl.DER_cert_to_PEM_cert(der.replace(head + b"\x01", head + bytes([number]))).encode()


@pytest.mark.parametrize(("byte", "serial"), [(0x00, 0), (0xFF, -1), (0x80, -128)])
def test_serial_number_that_is_not_positive_is_an_error_and_no_warning(byte: int, serial: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match=f"'CN=mine' has the serial number {serial};"):
            certificates_alone(of_serial(byte))


def test_least_serial_number_is_taken() -> None:
    pem = of_serial(1)
    assert certificates_alone(pem) == pem.decode()


def test_other_warnings_of_the_parser_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(_pem: bytes) -> list[x509.Certificate]:
        warnings.warn("this will be an error", stacklevel=2)
        return []

    monkeypatch.setattr(x509, "load_pem_x509_certificates", load)
    with pytest.warns(UserWarning, match="this will be an error"):
        certificates_alone(b"")


@pytest.mark.parametrize(
    ("cached", "most"), [(authority_certificate, 256), (password_line, 16_384)], ids=["authorities", "lines"]
)
def test_what_is_kept_in_memory_is_limited(cached: object, most: int) -> None:
    assert cached.cache_info().maxsize == most  # type: ignore[attr-defined]
