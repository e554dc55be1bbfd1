"""Logins of the broker in an index and shards: together complete, each small enough, rarely redistributed."""

import base64
import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_operator.desired.inputs import DeviceLogin, Manifest
from edge_operator.desired.secret.broker_auth import (
    broker_auth,
    broker_auth_names,
    broker_auth_without,
    is_broker_auth,
    logins_in,
    shard_count,
    shard_of,
)
from edge_operator.identity.logins import device_login
from tests.edge_operator.desired.sites import make_site

SHARD_BYTES = 128 * 1024


def content(secret: Manifest) -> dict[str, str]:
    return {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}


def usernames(secret: Manifest) -> list[str]:
    return [line.partition(":")[0] for line in content(secret)["passwords"].splitlines()]


def with_devices(*ids: str) -> list[Manifest]:
    return broker_auth(replace(make_site(), devices=tuple(DeviceLogin(each, 0) for each in ids)))


@pytest.mark.parametrize(
    ("devices", "shards"),
    [(0, 0), (1, 1), (500, 1), (501, 2), (1000, 2), (1001, 4), (2001, 8), (10_000, 32)],
)
def test_number_of_shards(devices: int, shards: int) -> None:
    assert shard_count(devices) == shards


def test_no_device_no_shard() -> None:
    (index,) = with_devices()
    assert content(index)["shards"] == "0"
    assert usernames(index) == ["~gateway", "~mqtt", "~operator", "~processor", "~storage"]


@given(st.sets(st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True), min_size=1, max_size=40))
def test_every_device_is_in_one_shard(ids: set[str]) -> None:
    index, *shards = with_devices(*ids)
    assert content(index)["shards"] == str(len(shards))
    assert [content(shard)["of"] for shard in shards] == [str(len(shards))] * len(shards)
    assert sorted(name for shard in shards for name in usernames(shard)) == sorted(ids)


@pytest.mark.parametrize("count", [500, 1999])
def test_shard_of_the_longest_names_stays_below_its_size(count: int) -> None:
    ids = [f"{number:064d}" for number in range(count)]
    sizes = [len(content(each)["passwords"]) for each in with_devices(*ids)]
    assert max(sizes) <= SHARD_BYTES, "every change of a shard rewrites it in etcd"


def test_names_are_those_of_the_secrets() -> None:
    site = replace(make_site(), devices=tuple(DeviceLogin(f"d{number}", 0) for number in range(501)))
    assert broker_auth_names(site) == [each["metadata"]["name"] for each in broker_auth(site)]
    assert broker_auth_names(site) == ["factory-mqtt-auth", "factory-mqtt-auth-0", "factory-mqtt-auth-1"]


def test_another_device_changes_its_shard_alone() -> None:
    ids = [f"d{number}" for number in range(600)]
    before, after = with_devices(*ids), with_devices(*ids, "new")
    changed = [each["metadata"]["name"] for each, old in zip(after, before, strict=True) if each != old]
    assert changed == [f"factory-mqtt-auth-{shard_of('new', 2)}"]


@pytest.mark.parametrize(
    ("name", "site"),
    [
        ("hall-mqtt-auth", "hall"),
        ("hall-mqtt-auth-0", "hall"),
        ("hall-mqtt-auth-31", "hall"),
        ("hall-mqtt-auth-", None),
        ("hall-mqtt-auth-x", None),
        ("hall-mqtt-auth31", None),
        ("mqtt-auth-31", None),
        ("31", None),
        ("hall-mqtt-tls", None),
        ("hall-2-mqtt-auth", "hall-2"),
        ("hall", None),
    ],
)
def test_names(name: str, site: str | None) -> None:
    assert [each for each in ("hall", "hall-2") if is_broker_auth(each, name)] == ([site] if site else [])


def test_secret_without_some_is_as_if_they_had_never_been() -> None:
    site = replace(make_site(), devices=tuple(DeviceLogin(each, 0) for each in ("d1", "d2")))
    without_d2 = broker_auth(replace(site, devices=site.devices[:1]))
    for secret, wanted in zip(broker_auth(site), without_d2, strict=True):
        assert logins_in(secret) == set(usernames(secret))
        stored = {**secret, "data": {**secret["data"], "more": "bWluZQ=="}}
        assert broker_auth_without(site, stored, {"d2"}) == wanted


OWN = "the user's own password"


def accepted(line: str, password: str) -> bool:
    """Return what the broker answers: whether the line's hash is that of `password`."""
    _, algorithm, iterations, salt, digest = line.split("$")
    assert algorithm == "7"
    tried = hashlib.pbkdf2_hmac("sha512", password.encode(), base64.b64decode(salt), int(iterations))
    return tried == base64.b64decode(digest)


@pytest.mark.parametrize("rotation", [0, 1])
def test_broker_takes_the_password_that_the_user_brings_and_no_other(rotation: int) -> None:
    site = make_site()
    logins = DeviceLogin("brought", rotation, OWN), DeviceLogin("made", rotation)
    lines = content(broker_auth(replace(site, devices=logins))[1])["passwords"].splitlines()
    brought, made = sorted(lines)
    assert brought.startswith("brought:")
    assert accepted(brought, OWN)
    assert not accepted(brought, device_login(site.root, "brought", rotation).password)
    assert accepted(made, device_login(site.root, "made", rotation).password)


@pytest.mark.parametrize("data", [{}, None], ids=["empty", "none"])
def test_secret_that_somebody_has_emptied_lets_nobody_in(data: dict[str, str] | None) -> None:
    site, emptied = make_site(), {"metadata": {"name": "factory-mqtt-auth-0"}, "data": data}
    assert logins_in(emptied) == frozenset()
    assert content(broker_auth_without(site, emptied, {"d1"})) == {"passwords": ""}


def test_devices_stay_in_their_shards() -> None:
    shards = [shard_of(f"pump-{number}", 32) for number in range(4)]
    assert shards == [15, 25, 11, 29], "to spread them otherwise rewrites every shard of every site"


@pytest.mark.parametrize("value", ["no base64", "/w==", "YWJj!"])
def test_content_that_cannot_be_read(value: str) -> None:
    with pytest.raises(ValueError, match=r"base64|UTF-8"):
        logins_in({"data": {"passwords": value}})
