"""The password file, checked against another PBKDF2 than the one that wrote it."""

import base64
import secrets

import pytest
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from edge_operator.api.broker import BrokerClient
from edge_operator.identity import derive, logins
from edge_operator.identity.passwords import Login, password_file, password_line, usernames, without

ROOT = bytes(range(32))


def test_line_of_a_known_login() -> None:
    salt, digest = password_line(Login("d1", "secret"), b"twelve bytes").split("$")[3:]
    derived = PBKDF2HMAC(SHA512(), 64, b"twelve bytes", 101).derive(b"secret")
    assert base64.b64decode(salt) == b"twelve bytes"
    assert base64.b64decode(digest) == derived


def test_every_line_is_verified_by_another_implementation() -> None:
    clients = [BrokerClient(name="grafana"), BrokerClient(name="node-red")]
    known = {login.username: login.password for login in logins.site_logins(ROOT, clients)}
    lines = password_file(ROOT, logins.site_logins(ROOT, clients)).splitlines()
    assert [line.partition(":")[0] for line in lines] == sorted(known)
    assert set(known) == {*logins.COMPONENTS, "~grafana", "~node-red"}
    for line in lines:
        username, _, encoded = line.partition(":")
        empty, kind, iterations, salt, digest = encoded.split("$")
        assert (empty, kind, iterations) == ("", "7", "101")
        raw = base64.b64decode(salt, validate=True)
        assert len(raw) == 12
        PBKDF2HMAC(SHA512(), 64, raw, 101).verify(known[username].encode(), base64.b64decode(digest, validate=True))


def test_file_does_not_depend_on_the_order() -> None:
    some = [Login("b", "1"), Login("a", "2")]
    assert password_file(ROOT, some) == password_file(ROOT, reversed(some))


def test_salts_differ_by_user_and_password() -> None:
    same = password_file(ROOT, [Login("a", "p"), Login("b", "p")]).splitlines()
    assert len({line.split("$")[3] for line in same}) == 2


@pytest.mark.parametrize("username", ["", "a:b", "a\nb", "#a", "a b", "é", "~", "~~a", "x" * 65])
def test_odd_usernames_are_refused(username: str) -> None:
    with pytest.raises(ValueError, match="cannot be a username"):
        password_file(ROOT, [Login(username, "p")])


def test_the_same_user_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="'a'"):
        password_file(ROOT, [Login("a", "1"), Login("a", "2")])


@pytest.mark.parametrize("name", ["gateway", "processor", "storage", "operator", "mqtt"])
def test_a_component_cannot_be_impersonated_by_a_client(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        logins.site_logins(ROOT, [BrokerClient(name=name)])


def test_login_of_a_device_has_its_identifier_and_the_password_of_its_rotation() -> None:
    assert logins.device_login(ROOT, "d1", 1) == Login("d1", derive.device_password(ROOT, "d1", 1))


def test_a_login_does_not_show_its_password() -> None:
    assert "secret" not in repr(Login("a", "secret"))


def test_line_of_a_login_that_did_not_change_is_not_hashed_again() -> None:
    root = secrets.token_bytes(len(ROOT))
    many = [Login(f"pump-{number}", "p" * 43) for number in range(50)]
    before = password_file(root, many)
    hashed = password_line.cache_info().misses
    more = password_file(root, [*many, Login("pump-new", "p" * 43)])
    assert password_line.cache_info().misses == hashed + 1, "a site's thousands would stop the event loop for seconds"
    assert set(before.splitlines()) < set(more.splitlines())


@pytest.mark.parametrize(
    ("revoked", "left"),
    [
        (set(), {"a", "a.b", "~a"}),
        ({"a"}, {"a.b", "~a"}),
        ({"~a", "a.b"}, {"a"}),
        ({"a", "a.b", "~a"}, set()),
        ({"nobody"}, {"a", "a.b", "~a"}),
    ],
)
def test_lines_that_are_taken_out(revoked: set[str], left: set[str]) -> None:
    content = password_file(ROOT, [Login(name, name) for name in ("a", "a.b", "~a")])
    kept = without(content, revoked)
    assert usernames(kept) == left
    assert set(kept.splitlines()) <= set(content.splitlines()), "what stays, stays as it is"
    assert kept == password_file(ROOT, [Login(name, name) for name in left])
