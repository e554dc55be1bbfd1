"""A site's own certificate authority and its broker's certificate: from the root key alone, always the same.

Keys are derived and signatures deterministic (RFC 6979), so a certificate is a function of the root, the names and a
period of time: nothing has to be stored, a lost Secret is created again unchanged, and each period has
its own certificate.
"""

import datetime as dt
import functools
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from edge_operator.identity import derive

CURVE = ec.SECP256R1()
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Number of points of the curve P-256 (SEC 2, version 2, 2.4.2)."""

AUTHORITY_FROM = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
AUTHORITY_UNTIL = dt.datetime(2066, 1, 1, tzinfo=dt.UTC)
"""Devices store the authority's certificate for their whole lifetime."""

EPOCH = AUTHORITY_FROM
PERIOD = dt.timedelta(days=30)
VALIDITY = dt.timedelta(days=90)
"""Of a broker's certificate, from the beginning of its period: two periods remain when the next one is issued."""

SKEW = dt.timedelta(days=1)
"""Clocks of devices may be behind."""

MAX_NAME_CHARACTERS = 64
"""Maximum of a common name (RFC 5280, appendix A.1: ub-common-name)."""

CACHED_AUTHORITIES = 256
"""Maximum number of cached certificates: all devices of a site have the same one, and signing takes 0.5 ms."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate with its key, in PEM."""

    certificate: str
    key: str = field(repr=False)


def period_of(now: dt.datetime) -> int:
    """Return the number of the period that `now` (aware) is in; 0 before the first."""
    return max(0, (now - EPOCH) // PERIOD)


def expiry_of(period: int) -> dt.datetime:
    """Return the end of the validity of the broker's certificate (aware).

    Args:
        period: number of the period; see `period_of`.
    """
    return EPOCH + PERIOD * period + VALIDITY


def seconds_left(now: dt.datetime) -> float:
    """Return the seconds until the next period."""
    return (EPOCH + PERIOD * (period_of(now) + 1) - now).total_seconds()


@functools.lru_cache(maxsize=CACHED_AUTHORITIES)
def authority_certificate(root: bytes, name: str) -> str:
    """Return the certificate of the authority of the site `name`, such as `namespace/name`."""
    return _pem(_authority(root, name))


def broker_certificate(root: bytes, name: str, hosts: Iterable[str], period: int) -> Certificate:
    """Return the certificate of the site's broker.

    Args:
        root: the site's root key.
        name: of the site, such as `namespace/name`.
        hosts: the names and addresses by which it is reached, the first of them its common name.
        period: number of the period; see `period_of`.
    """
    names = list(dict.fromkeys(hosts))
    authority, key = _authority(root, name), _key(root, "broker-key", name, str(period))
    begin = EPOCH + PERIOD * period
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(names[0]))
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .serial_number(_serial(root, "broker", name, str(period), *names))
        .not_valid_before(begin - SKEW)
        .not_valid_after(expiry_of(period))
        .add_extension(x509.SubjectAlternativeName([_alternative(each) for each in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(_authority_key(root, name).public_key()), critical=False
        )
    )
    return Certificate(_pem(_signed(builder, _authority_key(root, name))), _key_pem(key))


def _authority(root: bytes, name: str) -> x509.Certificate:
    key, subject = _authority_key(root, name), _name(f"edge-stack {name}")
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(_serial(root, "authority", name))
        .not_valid_before(AUTHORITY_FROM)
        .not_valid_after(AUTHORITY_UNTIL)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return _signed(builder, key)


def _authority_key(root: bytes, name: str) -> ec.EllipticCurvePrivateKey:
    return _key(root, "authority-key", name)


def _key(root: bytes, *parts: str) -> ec.EllipticCurvePrivateKey:
    """Derive a key: FIPS 186-5, A.2.1, with 64 bits more than the order has."""
    scalar = int.from_bytes(derive.certificate_material(root, *parts)[:40], "big") % (ORDER - 1) + 1
    return ec.derive_private_key(scalar, CURVE)


def _serial(root: bytes, *parts: str) -> int:
    """Derive a serial number of 128 bits (RFC 5280, 4.1.2.2: positive, at most 20 octets)."""
    return int.from_bytes(derive.certificate_material(root, "serial", *parts)[:16], "big") | 1


def _signed(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    return builder.sign(key, hashes.SHA256(), ecdsa_deterministic=True)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common[:MAX_NAME_CHARACTERS])])


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
