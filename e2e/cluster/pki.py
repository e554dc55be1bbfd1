"""Certificates of one control plane: EC P-256, made on the spot, valid for ten years."""

import datetime as dt
import ipaddress
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from e2e.cluster.files import write_atomically

VALIDITY = dt.timedelta(days=3650)
# A clock that was set back a little must not make a fresh certificate invalid.
BACKDATED = dt.timedelta(hours=1)


@dataclass(frozen=True)
class Pair:
    """A certificate and its private key, both PEM."""

    certificate: bytes
    key: bytes

    @classmethod
    def read(cls, directory: Path, name: str) -> Self:
        """What `write(directory, name)` left."""
        return cls((directory / f"{name}.crt").read_bytes(), (directory / f"{name}.key").read_bytes())

    def write(self, directory: Path, name: str) -> None:
        """Leave `name.crt` and `name.key` (mode 0600) in the directory."""
        write_atomically(directory / f"{name}.crt", self.certificate)
        write_atomically(directory / f"{name}.key", self.key)


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _name(common_name: str, organizations: Iterable[str]) -> x509.Name:
    groups = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in organizations]
    return x509.Name([*groups, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _builder(subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + VALIDITY)
    )


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _alternative_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


@dataclass(frozen=True)
class Authority:
    """A certificate authority."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def create(cls, common_name: str) -> Self:
        """A new authority with a key of its own."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name(common_name, ())
        builder = (
            _builder(subject, subject, key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_usage(authority=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )
        return cls(builder.sign(key, hashes.SHA256()), key)

    @classmethod
    def read(cls, directory: Path, name: str) -> Self:
        """The authority that `pair().write(directory, name)` left."""
        key = serialization.load_pem_private_key((directory / f"{name}.key").read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError(f"{directory / name}.key is not an elliptic-curve key")
        return cls(x509.load_pem_x509_certificate((directory / f"{name}.crt").read_bytes()), key)

    def pair(self) -> Pair:
        """The authority's own certificate and key."""
        return Pair(self.certificate.public_bytes(serialization.Encoding.PEM), _private_pem(self.key))

    def issue(self, common_name: str, organizations: Iterable[str] = (), *, names: Iterable[str] = ()) -> Pair:
        """A client certificate (user and groups), or with `names` one that serves under them too."""
        key = ec.generate_private_key(ec.SECP256R1())
        served = [_alternative_name(name) for name in names]
        purposes = [ExtendedKeyUsageOID.CLIENT_AUTH, *([ExtendedKeyUsageOID.SERVER_AUTH] if served else [])]
        builder = (
            _builder(_name(common_name, organizations), self.certificate.subject, key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(authority=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )
        if served:
            builder = builder.add_extension(x509.SubjectAlternativeName(served), critical=False)
        signed = builder.sign(self.key, hashes.SHA256())
        return Pair(signed.public_bytes(serialization.Encoding.PEM), _private_pem(key))


def _service_account_key(directory: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    write_atomically(directory / "sa.key", _private_pem(key))
    write_atomically(directory / "sa.pub", public)


def ensure(directory: Path, names: Iterable[str]) -> None:
    """Make every certificate of a control plane in `directory`, unless they are there already.

    `names` are the API server's.
    etcd has an authority of its own: a user's client certificate must not open the database.
    """
    if directory.exists():
        return
    draft = directory.with_name(f"{directory.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True, mode=0o700)
    cluster, etcd, front = (Authority.create(name) for name in ("edge-stack", "edge-etcd", "edge-front-proxy"))
    for name, authority in (("ca", cluster), ("etcd-ca", etcd), ("front-ca", front)):
        authority.pair().write(draft, name)
    etcd.issue("etcd", names=("127.0.0.1", "localhost")).write(draft, "etcd")
    etcd.issue("kube-apiserver").write(draft, "apiserver-etcd")
    front.issue("front-proxy").write(draft, "front-proxy")
    cluster.issue("kube-apiserver", names=names).write(draft, "apiserver")
    cluster.issue("kube-apiserver-kubelet", ("system:masters",)).write(draft, "apiserver-kubelet")
    cluster.issue("admin", ("system:masters",)).write(draft, "admin")
    cluster.issue("system:kube-controller-manager").write(draft, "controllers")
    cluster.issue("system:kube-scheduler").write(draft, "scheduler")
    _service_account_key(draft)
    draft.rename(directory)
