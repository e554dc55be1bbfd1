import base64
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_gateway.auth.header import Basic, Bearer, parse_authorization


def basic(text: str) -> str:
    return f"Basic {base64.b64encode(text.encode()).decode()}"


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        ("Bearer abc", Bearer("abc")),
        ("bearer abc", Bearer("abc")),
        ("BEARER   abc ", Bearer("abc")),
        (basic("pump-1:secret"), Basic("pump-1", "secret")),
        (basic("pump-1:a:b"), Basic("pump-1", "a:b")),
        (basic("pump-1:ä"), Basic("pump-1", "ä")),
    ],
)
def test_credentials(header: str, shown: Bearer | Basic) -> None:
    assert parse_authorization(header) == shown


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer a b",
        "Bearer \x7f",
        "abc",
        "Digest username=x",
        "Basic",
        "Basic !!!",
        "Basic YQ",
        basic("pump-1"),
        basic(":secret"),
        basic("pump-1:"),
        "Basic " + base64.b64encode(b"\xff:\xff").decode(),
        "Bearer " + "a" * 4096,
    ],
)
def test_what_shows_nothing_is_refused(header: str) -> None:
    with pytest.raises(ValueError, match="Authorization header"):
        parse_authorization(header)


def test_no_secret_gets_into_a_log() -> None:
    assert "secret" not in repr(parse_authorization(basic("pump-1:secret")))
    assert "secret" not in repr(parse_authorization("Bearer secret"))


@given(st.one_of(st.text(), st.text().map(lambda text: f"Bearer {text}"), st.binary().map(lambda b: f"Basic {b!r}")))
def test_any_header_is_read_or_refused(header: str) -> None:
    shown: Bearer | Basic | None = None
    with contextlib.suppress(ValueError):
        shown = parse_authorization(header)
    match shown:
        case Bearer(token):
            assert header.lower().startswith("bearer")
            assert token in header
        case Basic(username, password):
            assert username
            assert password


@given(
    st.text(min_size=1, max_size=80).filter(lambda text: ":" not in text and text < "\ud800"),
    st.text(min_size=1, max_size=80).filter(lambda text: text < "\ud800"),
)
def test_every_name_and_password_come_through(username: str, password: str) -> None:
    assert parse_authorization(basic(f"{username}:{password}")) == Basic(username, password)
