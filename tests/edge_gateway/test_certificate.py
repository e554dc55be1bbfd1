from pathlib import Path

import pytest

from edge_gateway.certificate import Certificate
from edge_service.program import StartError
from tests.edge_gateway.certificates import write_certificate
from tests.edge_gateway.handshake import serial_number


async def test_a_new_certificate_is_for_the_connections_that_come(tmp_path: Path) -> None:
    first = write_certificate(tmp_path)
    certificate = Certificate(tmp_path / "tls.crt", tmp_path / "tls.key")
    assert await serial_number(certificate.context) == first
    certificate.refresh()
    second = write_certificate(tmp_path)
    certificate.refresh()
    assert await serial_number(certificate.context) == second != first


async def test_one_that_does_not_fit_leaves_the_last(tmp_path: Path) -> None:
    first = write_certificate(tmp_path)
    certificate = Certificate(tmp_path / "tls.crt", tmp_path / "tls.key")
    other = tmp_path / "other"
    other.mkdir()
    write_certificate(other)
    (other / "tls.crt").replace(tmp_path / "tls.crt")
    certificate.refresh()
    assert await serial_number(certificate.context) == first
    (tmp_path / "tls.crt").unlink()
    certificate.refresh()
    assert await serial_number(certificate.context) == first


def test_without_a_usable_one_it_does_not_start(tmp_path: Path) -> None:
    write_certificate(tmp_path)
    (tmp_path / "tls.key").write_text("none")
    with pytest.raises(StartError, match="TLS_CERT_FILE"):
        Certificate(tmp_path / "tls.crt", tmp_path / "tls.key")
    with pytest.raises(StartError, match="TLS_KEY_FILE"):
        Certificate(tmp_path / "none", tmp_path / "tls.key")
