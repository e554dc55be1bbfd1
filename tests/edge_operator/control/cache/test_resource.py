"""What is read from the specs of sites and devices, those stored under earlier rules included."""

from typing import Any

import pytest

from edge_operator.control.cache.resource import CachedDevice, CachedSite, seconds
from tests.edge_operator.control.samples import device, site

TLS = {"secretRef": {"name": "cert"}}
SITES: dict[str, tuple[dict[str, Any], bool, tuple[str, str] | None, bool]] = {
    "nothing said": ({}, False, None, False),
    "nulls": ({"broker": None, "paused": None}, False, None, False),
    "managed without TLS": ({"broker": {"type": "Managed", "managed": {}}}, False, None, False),
    "certificate of the user": ({"broker": {"managed": {"tls": TLS}}}, False, ("factory", "cert"), False),
    "certificate without a name": ({"broker": {"managed": {"tls": {}}}}, False, ("factory", "None"), False),
    "external": ({"broker": {"type": "External"}}, True, None, False),
    "external, with a certificate left over": (
        {"broker": {"type": "External", "managed": {"tls": TLS}}},
        True,
        None,
        False,
    ),
    "paused": ({"paused": True}, False, None, True),
}


@pytest.mark.parametrize(("spec", "external", "user_tls_secret", "paused"), SITES.values(), ids=SITES)
def test_spec_of_a_site(
    spec: dict[str, Any], user_tls_secret: tuple[str, str] | None, *, external: bool, paused: bool
) -> None:
    found = site(**spec)
    assert (found.external_broker, found.user_tls_secret, found.paused) == (external, user_tls_secret, paused)
    assert str(found) == "EdgeSite factory/plant"


def test_what_a_site_says_of_itself() -> None:
    conditions = [{"type": "Ready", "status": "True"}, {"type": "BrokerDropping", "status": "True", "message": "m"}]
    status = {"conditions": conditions, "endpoints": {"http": "http://h"}}
    found = CachedSite({**site().body, "status": status})
    assert (found.broker_dropping, found.endpoints) == ("m", {"http": "http://h"})
    found = CachedSite({**site().body, "status": {"conditions": conditions[:1], "endpoints": None}})
    assert (found.broker_dropping, found.endpoints) == (None, {})
    bare = CachedSite({"metadata": site().metadata})
    assert (bare.status, bare.broker_dropping, bare.endpoints) == ({}, None, {})


def test_device_that_says_nothing_is_of_no_site_and_older_than_all_that_were_created() -> None:
    bare = CachedDevice({"metadata": {"namespace": "factory", "name": "pump", "uid": "u"}})
    assert (bare.site, bare.has_login, bare.device_id) == (("factory", ""), False, "pump")
    assert bare.creation_order == ("", "pump", "u")


DEVICES: dict[str, tuple[dict[str, Any], tuple[str, int, float, str, tuple[str, str] | None]]] = {
    "nothing said": ({}, ("pump", 0, 300.0, "pump-device-credentials", None)),
    "nulls": ({"credentials": None, "deviceId": None}, ("pump", 0, 300.0, "pump-device-credentials", None)),
    "an identifier": ({"deviceId": "7"}, ("7", 0, 300.0, "pump-device-credentials", None)),
    "rotated": (
        {"credentials": {"rotation": 2, "switchAfter": "90s"}},
        ("pump", 2, 90.0, "pump-device-credentials", None),
    ),
    "switched at once": ({"credentials": {"switchAfter": "0s"}}, ("pump", 0, 0.0, "pump-device-credentials", None)),
    "a name for the Secret": ({"credentials": {"secretName": "mine"}}, ("pump", 0, 300.0, "mine", None)),
    "a Secret of the user": (
        {"credentials": {"existingSecretRef": {"name": "brought"}}},
        ("pump", 0, 300.0, "pump-device-credentials", ("factory", "brought")),
    ),
}


@pytest.mark.parametrize(("spec", "expected"), DEVICES.values(), ids=DEVICES)
def test_spec_of_a_device(spec: dict[str, Any], expected: tuple[str, int, float, str, tuple[str, str] | None]) -> None:
    found = device(**spec)
    assert (found.device_id, found.rotation, found.switch_after, found.secret_name, found.user_secret) == expected
    assert found.site == ("factory", "plant")


@pytest.mark.parametrize(
    ("status", "reason", "has_login"),
    [
        ("True", "CredentialsIssued", True),
        ("False", "SiteNotFound", False),
        ("Unknown", "ExternalBroker", True),
        ("Unknown", "NotObserved", False),
    ],
)
def test_login_that_is_in_place_or_not_ours_to_give(status: str, reason: str, *, has_login: bool) -> None:
    ready = {"type": "Ready", "status": "True", "reason": "Reconciled"}
    login = {"type": "CredentialsReady", "status": status, "reason": reason}
    assert device(status={"conditions": [ready, login]}).has_login is has_login
    assert device(status={"conditions": [ready]}).has_login is False


def going(found: CachedDevice) -> CachedDevice:
    return CachedDevice({**found.body, "metadata": {**found.metadata, "deletionTimestamp": "2026-01-01T00:00:00Z"}})


@pytest.mark.parametrize(
    ("found", "logs_in"),
    [(device(), True), (device(disabled=True), False), (going(device()), False)],
    ids=["there", "disabled", "being deleted"],
)
def test_who_logs_in(found: CachedDevice, *, logs_in: bool) -> None:
    assert found.logs_in is logs_in


def test_elder_is_the_one_that_was_created_first_and_of_two_at_once_the_first_by_name() -> None:
    first, second = device("b", created="2026-01-01T00:00:00Z"), device("a", created="2026-01-01T00:00:01Z")
    assert first.creation_order < second.creation_order
    assert device("a", uid="z").creation_order < device("b", uid="a").creation_order


@pytest.mark.parametrize(
    ("duration", "expected"),
    [("90s", 90.0), ("1h30m", 5400.0), ("soon", None), ("", None), (None, None), (30, None)],
)
def test_duration_that_cannot_be_read_is_none(duration: object, expected: float | None) -> None:
    assert seconds(duration) == expected
