"""Certificates of a site: the same from the same root, good for a real TLS connection, renewed in time."""

import contextlib
import datetime as dt
import socket
import ssl
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from edge_operator.identity.certificates import (
    EPOCH,
    PERIOD,
    Certificate,
    authority_certificate,
    broker_certificate,
    period_of,
    seconds_left,
)
from edge_operator.identity.user_certificates import certificates_alone

ROOT, OTHER = bytes(range(32)), bytes(range(1, 33))
NAME = "ns/plant"
HOSTS = ["edge.example.com", "plant-gateway.ns.svc", "192.0.2.7"]
NOW = dt.datetime(2026, 11, 25, tzinfo=dt.UTC)


def made(root: bytes = ROOT, name: str = NAME, period: int = period_of(NOW)) -> Certificate:
    return broker_certificate(root, name, HOSTS, period)


def test_same_root_and_period_give_the_same_bytes() -> None:
    assert made() == made()
    assert authority_certificate(ROOT, NAME) == authority_certificate(ROOT, NAME)


@pytest.mark.parametrize(
    "other", [made(root=OTHER), made(name="ns/other"), made(period=3)], ids=["root", "site", "period"]
)
def test_another_root_site_or_period_gives_another_key(other: Certificate) -> None:
    assert other.key != made().key
    assert other.certificate != made().certificate


@given(st.binary(max_size=200), st.lists(st.sampled_from([made().key, made().certificate]), max_size=4))
def test_nothing_but_certificates_is_taken_of_a_file(noise: bytes, parts: list[str]) -> None:
    try:
        taken = certificates_alone(noise.replace(b"-", b"") + b"\n" + "".join(parts).encode())
    except ValueError:
        assert made().certificate not in parts
    else:
        assert taken == "".join(part for part in parts if part == made().certificate)


@given(st.integers(0, len(made().certificate) - 1), st.binary(min_size=1, max_size=1))
def test_certificate_with_a_byte_changed_is_taken_or_an_error(place: int, byte: bytes) -> None:
    der = ssl.PEM_cert_to_DER_cert(made().certificate)
    place %= len(der)
    with contextlib.suppress(ValueError):
        certificates_alone(ssl.DER_cert_to_PEM_cert(der[:place] + byte + der[place + 1 :]).encode())


def test_certificate_of_a_version_that_does_not_exist_is_an_error() -> None:
    der = ssl.PEM_cert_to_DER_cert(made().certificate)
    version = bytes.fromhex("a003020102")
    assert version in der
    with pytest.raises(ValueError, match="version"):
        certificates_alone(ssl.DER_cert_to_PEM_cert(der.replace(version, bytes.fromhex("a003020109"))).encode())


@pytest.mark.parametrize("first", [0x80, 0xFF], ids=["least", "nearly 0"])
def test_certificate_with_a_negative_serial_number_is_an_error(first: int) -> None:
    der = ssl.PEM_cert_to_DER_cert(made().certificate)
    number = x509.load_der_x509_certificate(der).serial_number.to_bytes(16, "big")
    assert der.count(number) == 1
    negative = der.replace(number, bytes([first]) + b"\x01" + number[2:])
    with pytest.raises(ValueError, match=r"'CN=edge.example.com' has the serial number -\d+; it must be"):
        certificates_alone(made().certificate.encode() + ssl.DER_cert_to_PEM_cert(negative).encode())


def test_key_is_not_shown() -> None:
    assert "PRIVATE" not in repr(made())


@given(st.integers(0, 40 * 365), st.integers(0, 86_399))
def test_certificate_of_the_present_period_is_valid_for_at_least_two_more(days: int, seconds: int) -> None:
    now = EPOCH + dt.timedelta(days=days, seconds=seconds)
    certificate = x509.load_pem_x509_certificate(made(period=period_of(now)).certificate.encode())
    assert certificate.not_valid_before_utc <= now - dt.timedelta(hours=23)
    assert certificate.not_valid_after_utc >= now + 2 * PERIOD
    assert 0 < seconds_left(now) <= PERIOD.total_seconds()
    assert period_of(now + dt.timedelta(seconds=seconds_left(now))) == period_of(now) + 1


def test_clock_before_the_first_period_is_the_first() -> None:
    assert period_of(dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) == 0


def handshake(tmp_path: Path, authority: str, host: str, period: int) -> str:
    """Connect to a server with the broker's certificate as a device does; the protocol, or why it failed."""
    files = {"crt": made(period=period).certificate, "key": made(period=period).key}
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "crt", tmp_path / "key")
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            server.wrap_socket(theirs, server_side=True).close()
        except (ssl.SSLError, OSError):
            theirs.close()

    thread = Thread(target=serve)
    thread.start()
    try:
        client = ssl.create_default_context(cadata=authority)
        with client.wrap_socket(ours, server_hostname=host) as connection:
            return str(connection.version())
    except ssl.SSLCertVerificationError as error:
        return str(error.verify_message)
    finally:
        ours.close()
        thread.join()


def current_period() -> int:
    return period_of(dt.datetime.now(dt.UTC))


@pytest.mark.parametrize("host", HOSTS)
def test_device_that_has_the_authority_connects_by_every_name(tmp_path: Path, host: str) -> None:
    assert handshake(tmp_path, authority_certificate(ROOT, NAME), host, current_period()) == "TLSv1.3"


@pytest.mark.parametrize(
    ("authority", "host", "words"),
    [
        (authority_certificate(OTHER, NAME), HOSTS[0], "self-signed|unable to get|signature"),
        (authority_certificate(ROOT, "ns/other"), HOSTS[0], "self-signed|unable to get|signature"),
        (authority_certificate(ROOT, NAME), "elsewhere.example.com", "Hostname mismatch"),
    ],
    ids=["another root", "another site", "another host"],
)
def test_device_is_not_deceived(tmp_path: Path, authority: str, host: str, words: str) -> None:
    said = handshake(tmp_path, authority, host, current_period())
    assert any(word in said for word in words.split("|")), said


def test_expired_certificate_is_refused(tmp_path: Path) -> None:
    assert "expired" in handshake(tmp_path, authority_certificate(ROOT, NAME), HOSTS[0], current_period() - 4)
