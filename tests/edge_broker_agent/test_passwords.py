"""Lines of the password file: taken exactly where Mosquitto takes them, as far as the operator writes them."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_broker_agent.errors import RejectedError
from edge_broker_agent.passwords import checked_lines, joined, password_line
from edge_operator.identity import passwords as operators
from edge_operator.identity.passwords import Login

SALT = "A" * 16
HASH = "A" * 86 + "=="
LINE = f"d1:$7$101${SALT}${HASH}"


@given(
    st.from_regex(r"~?[A-Za-z0-9._-]{1,64}", fullmatch=True), st.text(max_size=50), st.binary(min_size=12, max_size=12)
)
def test_what_the_operator_writes_is_taken_and_written_the_same_here(username: str, password: str, salt: bytes) -> None:
    line = operators.password_line(Login(username, password), salt)
    assert checked_lines(f"{line}\n".encode()) == (line.encode(),)
    assert password_line(username, password, salt) == f"{line}\n".encode()


@pytest.mark.parametrize(
    "content",
    [
        "\n",
        f"{LINE}\n\n",
        f"{LINE}\r\n",
        f" {LINE}\n",
        "d1\n",
        "d1:\n",
        "d1:secret\n",
        LINE.replace("$7$", "$6$"),
        LINE.replace("d1", ""),
        LINE.replace("d1", "d 1"),
        LINE.replace("d1", "#d1"),
        LINE.replace("d1", "ä"),
        LINE.replace("d1", "d" * 65),
        LINE.replace("$101$", "$0$"),
        LINE.replace("$101$", "$-1$"),
        LINE.replace("$101$", "$1000000$"),
        LINE.replace(SALT, SALT[:-1]),
        LINE.replace(SALT, "A" * 15 + "!"),
        LINE.replace(HASH, HASH[1:]),
        LINE.replace(HASH, "A" * 88),
        f"{LINE}:more",
        f"{LINE}\x00",
    ],
    ids=ascii,
)
def test_any_other_line_is_refused_and_not_shown(content: str) -> None:
    with pytest.raises(RejectedError) as caught:
        checked_lines(content.encode())
    assert caught.value.reason == "line"
    assert "secret" not in str(caught.value)


@given(st.binary(max_size=200))
def test_no_bytes_make_it_fail_otherwise(content: bytes) -> None:
    try:
        lines = checked_lines(content)
    except RejectedError:
        return
    assert lines == ()


def test_a_file_without_lines_is_empty() -> None:
    assert checked_lines(b"") == ()
    assert joined({}) == b""


def test_a_user_in_two_parts_is_refused_and_both_are_named() -> None:
    with pytest.raises(RejectedError, match="the user d1 is in the index and in shard 0") as caught:
        joined({"the index": [LINE.encode()], "shard 0": [LINE.encode()]})
    assert caught.value.reason == "duplicate"


def test_who_stands_in_which_part_does_not_matter() -> None:
    lines = [LINE.replace("d1", f"d{number}").encode() for number in range(4)]
    assert joined({"a": lines[:1], "b": lines[1:]}) == joined({"a": lines[2:], "b": lines[:2]})


def test_mosquitto_passwd_writes_what_is_taken(mosquitto_programs: Path, tmp_path: Path) -> None:
    program = mosquitto_programs / "mosquitto_passwd"
    command = [str(program), "-b", "-c", "-I", "101", str(tmp_path / "made"), "d1", "secret"]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    assert len(checked_lines((tmp_path / "made").read_bytes())) == 1
