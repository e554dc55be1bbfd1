"""Certificates of a server for tests: any names, and any time of validity."""

import datetime as dt
import ipaddress
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Served:
    """A certificate that signs itself, and its key, both PEM."""

    certificate: str
    key: str


def served(*names: str, begin: dt.datetime, end: dt.datetime, common_name: str = "served") -> Served:
    """Return a certificate for `names`, host names and addresses, that is valid from `begin` to `end` (aware)."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    )
    if names:
        listed = x509.SubjectAlternativeName([_general_name(each) for each in names])
        builder = builder.add_extension(listed, critical=False)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    certificate = builder.sign(key, hashes.SHA256())
    return Served(certificate.public_bytes(serialization.Encoding.PEM).decode(), pem.decode())


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
