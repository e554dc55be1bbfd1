"""Certificates that users provide: validity, key and names."""

import contextlib
import datetime as dt
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from edge_operator.identity.user_certificates import is_for_host, validity_of_authorities, validity_of_server
from tests.support.served_certificates import Served, served

BEGIN, END = dt.datetime(2026, 11, 1, tzinfo=dt.UTC), dt.datetime(2027, 1, 30, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
HOSTS = ("edge.example.com", "*.plant.example.com", "192.0.2.7", "2001:db8::7")
ONE, OTHER = served(*HOSTS, begin=BEGIN, end=END), served("other", begin=BEGIN, end=END + 9 * DAY)
PARAMETERS = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"


def test_validity_of_a_server_is_that_of_its_own_certificate() -> None:
    found = validity_of_server((ONE.certificate + OTHER.certificate).encode(), ONE.key.encode())
    assert (found.begin, found.end, found.names) == (BEGIN, END, HOSTS)


def test_validity_of_authorities_is_that_of_the_last_one() -> None:
    found = validity_of_authorities((OTHER.certificate + ONE.certificate).encode())
    assert (found.begin, found.end, found.names) == (BEGIN, END + 9 * DAY, ())


def test_key_after_the_parameters_of_its_curve_is_found() -> None:
    assert validity_of_server(ONE.certificate.encode(), (PARAMETERS + ONE.key).encode()).end == END


def encrypted(one: Served) -> str:
    return one.key.replace("PRIVATE KEY-----\n", "PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n", 1)


UNUSABLE = {
    "another key": (ONE.certificate, OTHER.key, "tls.key is not the private key of tls.crt"),
    "no key": (ONE.certificate, "", "tls.key is not a private key in PEM"),
    "no PEM": ("hunter2", ONE.key, "it is not certificates in PEM"),
    "a key with a password": (
        ONE.certificate,
        encrypted(ONE),
        "tls.key is not a private key in PEM without a password",
    ),
    "a damaged key": (ONE.certificate, ONE.key.replace("M", "A"), "tls.key is not a private key in PEM without a pass"),
}


@pytest.mark.parametrize(("chain", "key", "why"), UNUSABLE.values(), ids=UNUSABLE)
def test_certificate_that_cannot_be_served(chain: str, key: str, why: str) -> None:
    with pytest.raises(ValueError, match=f"^{why}"):
        validity_of_server(chain.encode(), key.encode())


@pytest.mark.parametrize("first", [0x80, 0xFF], ids=["least", "nearly 0"])
def test_negative_serial_number_is_refused_wherever_it_is(first: int) -> None:
    der = ssl.PEM_cert_to_DER_cert(ONE.certificate)
    number = x509.load_der_x509_certificate(der).serial_number
    octets = number.to_bytes((number.bit_length() + 8) // 8, "big")
    negative = ssl.DER_cert_to_PEM_cert(der.replace(octets, bytes([first]) + b"\x01" + octets[2:]))
    for refused in (negative, OTHER.certificate + negative):
        with pytest.raises(ValueError, match="must be positive"):
            validity_of_authorities(refused.encode())
        with pytest.raises(ValueError, match="must be positive"):
            validity_of_server(refused.encode(), ONE.key.encode())


@given(st.integers(0, len(ONE.certificate) - 1), st.binary(min_size=1, max_size=1))
def test_certificate_with_a_byte_changed_is_read_or_an_error(place: int, byte: bytes) -> None:
    der = ssl.PEM_cert_to_DER_cert(ONE.certificate)
    place %= len(der)
    pem = ssl.DER_cert_to_PEM_cert(der[:place] + byte + der[place + 1 :]).encode()
    with contextlib.suppress(ValueError):
        validity_of_authorities(pem)
    with contextlib.suppress(ValueError):
        validity_of_server(pem, ONE.key.encode())


@given(st.binary(max_size=300))
def test_any_other_bytes_are_an_error(noise: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        validity_of_server(noise, noise)


NAMES = {
    "the name": ("edge.example.com", True),
    "in capitals": ("EDGE.Example.com", True),
    "with the root": ("edge.example.com.", True),
    "another name": ("edge.example.org", False),
    "a name below": ("x.edge.example.com", False),
    "one label for the wildcard": ("north.plant.example.com", True),
    "two labels for the wildcard": ("a.north.plant.example.com", False),
    "none for the wildcard": ("plant.example.com", False),
    "an address": ("192.0.2.7", True),
    "another address": ("192.0.2.8", False),
    "an IPv6 address, written out": ("2001:0db8:0:0:0:0:0:7", True),
    "a bare name": ("plant", False),
}


@pytest.mark.parametrize(("host", "expected"), NAMES.values(), ids=NAMES)
def test_host_is_among_the_names(host: str, *, expected: bool) -> None:
    assert is_for_host(HOSTS, host) is expected


def test_no_wildcard_is_for_an_address() -> None:
    assert not is_for_host(("*.0.2.7",), "192.0.2.7")


def test_python_agrees_on_the_names(tmp_path: Path) -> None:
    """`ssl` checks the names of a real certificate by the same rules."""
    always = served(*HOSTS, begin=BEGIN - 2000 * DAY, end=END + 20_000 * DAY)
    (tmp_path / "ca.crt").write_text(always.certificate)
    (tmp_path / "both.pem").write_text(always.certificate + always.key)
    for host, expected in NAMES.values():
        assert accepts(tmp_path, host.rstrip(".")) is expected, host


def accepts(files: Path, host: str) -> bool:
    """Whether a client takes the certificate for `host`; nothing is sent over a network."""
    client, server = ssl.create_default_context(cafile=files / "ca.crt"), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(files / "both.pem")
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = (
        client.wrap_bio(to_client, to_server, server_hostname=host),
        server.wrap_bio(to_server, to_client, server_side=True),
    )
    for _ in range(4):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError as error:
                return "match" not in error.verify_message
    return True
