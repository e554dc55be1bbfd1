"""Passwords that users bring: which are taken, and who is told."""

import base64
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.cache.user_passwords import LABELLED_SECRET, UserPasswords
from edge_operator.desired.kinds import ChildKind, Watched

GOOD = "x" * 20


def secret(version: int, password: str | bytes | None, name: str = "a") -> dict[str, Any]:
    raw = password.encode() if isinstance(password, str) else password
    data = {} if raw is None else {"password": base64.b64encode(raw).decode()}
    return {"metadata": {"namespace": "ns", "name": name, "resourceVersion": str(version)}, "data": data}


class Told:
    """A store, and what it told."""

    def __init__(self) -> None:
        self.keys: list[ResourceKey] = []
        self.passwords = UserPasswords(self.keys.append)

    def password(self, name: str = "a") -> str | None:
        found = self.passwords.get(("ns", name))
        return None if found is None else found.password


@pytest.mark.parametrize(
    ("password", "taken"),
    [
        (GOOD, True),
        ("äöü" * 7, True),
        ("x" * 19, False),
        ("x" * 1024, True),
        ("x" * 1025, False),
        ("x" * 20 + "\n", False),
        (b"\xff" * 20, False),
        (None, False),
    ],
)
def test_password(password: str | bytes | None, *, taken: bool) -> None:
    told = Told()
    told.passwords.put(LABELLED_SECRET, secret(1, password))
    assert told.password() == (password if taken else None)
    assert told.keys == [("ns", "a")]


def test_older_news_is_none() -> None:
    told = Told()
    told.passwords.put(LABELLED_SECRET, secret(5, GOOD))
    told.passwords.put(LABELLED_SECRET, secret(4, "y" * 20))
    assert (told.password(), len(told.keys)) == (GOOD, 1)


def test_list_takes_away_what_is_not_in_it() -> None:
    told = Told()
    for name in ("a", "b"):
        told.passwords.put(LABELLED_SECRET, secret(1, GOOD, name))
    told.passwords.prune(LABELLED_SECRET, "another", set(), "9")
    assert (told.password("a"), told.password("b")) == (GOOD, GOOD), "the list of a namespace tells nothing of others"
    for namespace in (None, "ns"):
        told.passwords.prune(LABELLED_SECRET, namespace, {("ns", "b")}, "9")
        assert (told.password("a"), told.password("b")) == (None, GOOD)
        assert told.keys[2:] == [("ns", "a")]
        told.passwords.put(LABELLED_SECRET, secret(1, GOOD))
        del told.keys[2:]
    told.passwords.prune(LABELLED_SECRET, "ns", {("ns", "b")}, "9")
    assert told.keys[2:] == [("ns", "a")]


def test_secret_that_loses_its_label_is_forgotten_once() -> None:
    told = Told()
    told.passwords.put(LABELLED_SECRET, secret(1, GOOD))
    for _ in range(2):
        told.passwords.delete(LABELLED_SECRET, secret(2, GOOD))
        assert (told.password(), len(told.keys)) == (None, 2)


@pytest.mark.parametrize("data", [None, {"password": "!" + base64.b64encode(GOOD.encode()).decode()}])
def test_secret_without_data_or_with_spoilt_data_has_no_password(data: dict[str, str] | None) -> None:
    told = Told()
    told.passwords.put(LABELLED_SECRET, secret(1, None) | {"data": data})
    assert told.password() is None


def test_only_labelled_secrets_are_watched_and_those_whole() -> None:
    assert ChildKind("v1", "Secret", "secrets", content=(), watched=Watched.FULL) == LABELLED_SECRET


@given(st.dictionaries(st.text(), st.text()))
@example({"password": "\x80"})
def test_no_content_ends_anything(data: dict[str, str]) -> None:
    told = Told()
    told.passwords.put(LABELLED_SECRET, secret(1, None) | {"data": data})
    assert told.password() is None or len(told.password() or "") >= 20


def test_password_is_not_shown() -> None:
    told = Told()
    told.passwords.put(LABELLED_SECRET, secret(1, GOOD))
    assert GOOD not in repr(told.passwords.get(("ns", "a")))
