"""Certificates of users, in PEM: what they are valid for, and until when. Pure."""

import datetime as dt
import ipaddress
import re
import warnings
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes

_PRIVATE_KEY = re.compile(rb"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?-----END \1-----", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Validity:
    """When a certificate is valid, and for which names.

    Attributes:
        begin: first moment (aware).
        end: last moment (aware); of several authorities that of the one that is valid longest.
        names: host names and addresses in its subject alternative names; none of an authority.
    """

    begin: dt.datetime
    end: dt.datetime
    names: tuple[str, ...] = ()


def certificates_alone(pem: bytes) -> str:
    """Return the certificates in `pem`, without any other content.

    Raises:
        ValueError: there is none, one cannot be read, or its serial number is not positive.
    """
    return "".join(each.public_bytes(serialization.Encoding.PEM).decode() for each in _load(pem))


def validity_of_authorities(pem: bytes) -> Validity:
    """Return the validity of a bundle of authorities: one that is valid is enough.

    Raises:
        ValueError: as of `certificates_alone`.
    """
    last = max(_load(pem), key=lambda each: each.not_valid_after_utc)
    return Validity(last.not_valid_before_utc, last.not_valid_after_utc)


def validity_of_server(chain: bytes, key: bytes) -> Validity:
    """Return the validity of a server's certificate, the first of `chain`.

    Raises:
        ValueError: as of `certificates_alone`, or `key` is not the certificate's private key.
    """
    certificate = _load(chain)[0]
    try:
        public, names = certificate.public_key(), _names(certificate)
    except (x509.DuplicateExtension, x509.UnsupportedGeneralNameType, UnsupportedAlgorithm) as error:
        raise ValueError(f"tls.crt cannot be used: {error}") from error
    if _bytes(_private_key(key).public_key()) != _bytes(public):
        raise ValueError("tls.key is not the private key of tls.crt")
    return Validity(certificate.not_valid_before_utc, certificate.not_valid_after_utc, names)


def is_for_host(names: tuple[str, ...], host: str) -> bool:
    """Return whether a certificate with `names` is for `host`, by RFC 6125: `*` is one whole label, the first."""
    wanted = _canonical(host)
    _, _, domain = wanted.partition(".")
    wildcard = None if _is_address(wanted) or not domain else f"*.{domain}"
    return any(_canonical(each) in (wanted, wildcard) for each in names)


def _load(pem: bytes) -> list[x509.Certificate]:
    # cryptography warns of a serial number that is not positive, and will reject it one day: this does so now.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Parsed a serial number")
        try:
            certificates = x509.load_pem_x509_certificates(pem)
        except x509.InvalidVersion as error:
            raise ValueError(str(error)) from error
        except ValueError as error:
            raise ValueError("it is not certificates in PEM") from error
        for certificate in certificates:
            _check_serial(certificate)
    return certificates


def _check_serial(certificate: x509.Certificate) -> None:
    if certificate.serial_number <= 0:
        raise ValueError(
            f"the certificate of {certificate.subject.rfc4514_string()!r} has the serial number"
            f" {certificate.serial_number}; it must be positive (RFC 5280, 4.1.2.2)"
        )


def _private_key(pem: bytes) -> PrivateKeyTypes:
    # Alone: openssl writes the parameters of a curve before the key.
    found = _PRIVATE_KEY.search(pem)
    if found is None:
        raise ValueError("tls.key is not a private key in PEM")
    try:
        return serialization.load_pem_private_key(found[0], None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        # TypeError: it is encrypted. The cause may contain a part of the key.
        raise ValueError("tls.key is not a private key in PEM without a password") from error


def _bytes(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    """Return the subject alternative names; a common name alone does not count for clients."""
    try:
        listed = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    hosts = listed.get_values_for_type(x509.DNSName)
    return (*hosts, *(str(each) for each in listed.get_values_for_type(x509.IPAddress)))


def _canonical(host: str) -> str:
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return host.lower().rstrip(".")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
