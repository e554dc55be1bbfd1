"""The login on the broker, from its directory."""

from pathlib import Path

import pytest

from edge_service.mqtt import ConnectError, Login, read_login


def test_none_is_anonymous() -> None:
    assert read_login(None) == Login()


def test_line_ends_are_no_part_of_it(tmp_path: Path) -> None:
    (tmp_path / "username").write_text("~gateway\n")
    (tmp_path / "password").write_text("hunter2\n")
    login = read_login(tmp_path)
    assert login == Login("~gateway", "hunter2")
    assert "hunter2" not in repr(login)


def test_authorities_are_taken_if_they_are_there(tmp_path: Path) -> None:
    for name in ("username", "password", "ca.crt"):
        (tmp_path / name).write_text("x")
    assert read_login(tmp_path).authorities == tmp_path / "ca.crt"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "username").write_text("d1")
    with pytest.raises(ConnectError, match=r"password.*EDGE_CREDENTIALS_DIR"):
        read_login(tmp_path)
