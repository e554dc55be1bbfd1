"""The derivation is frozen: these values are in devices in the field."""

import base64
import hashlib
import hmac
import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_operator.identity import derive

ROOT = bytes(range(32))
OTHER = bytes(range(1, 33))
FROZEN: dict[str, tuple[Callable[[], str], str]] = {
    "component": (lambda: derive.component_password(ROOT, "~gateway"), "0IKaaZFkTZldb4jg3ljJD6F5Zu3EuaIy5oRaP9BOKOs"),
    "client": (lambda: derive.client_password(ROOT, "grafana"), "aq4QBq-e_wWHEpoiXiPzhCvaFKfRSojhaJ7EgYWcnC4"),
    "device": (lambda: derive.device_password(ROOT, "d1", 0), "83s8WxJJdyCqACrLzcuEHCUcSzPtDotBjMMbM1f_HHA"),
    "rotated": (lambda: derive.device_password(ROOT, "d1", 1), "CVvcfIs7_YDOBT0ZvV5wv-1vTh8Tmqxj3LCUX1iAApk"),
    "cloud token": (lambda: derive.cloud_token(ROOT), "BpzNxvE2SIa2o1ubi9Sf_bFmI6ge5DO1TSJxTv773OA"),
    "token": (lambda: derive.api_token(ROOT), "Ulr69vCRvPdvTI1vtVWMi17JrIsgDTmO8G-FAlDliEI"),
    "rotated token": (lambda: derive.api_token(ROOT, 1), "NPBuvPrNyWrt2D5YCA20O9J0hYoEot1z7MhNMDluqP8"),
    "named token": (lambda: derive.named_token(ROOT, "grafana", 0), "ZXobCvgvjwXoKOxG9V5LMtp9zlcK46UBrJsYWOda4I8"),
    "rotated named token": (
        lambda: derive.named_token(ROOT, "grafana", 1),
        "dl9VhzY-4D_eOx2CROtIoXK5dfoieVZc38I_CXuCqcs",
    ),
    "salt": (lambda: derive.salt(ROOT, "d1", "password").hex(), "5a5f9622c666dda24fb45eb6"),
    "oscore key": (
        lambda: derive.oscore_key(ROOT).hex(),
        "083e5572b5cb73cf83e92e17cd61ed7f8dbe7f6d817a5c6520cb04c6f8bc9c60",
    ),
    "oscore secret": (
        lambda: derive.oscore_secret(derive.oscore_key(ROOT), "d1", 0).hex(),
        "5da3e6737e235b8147f82265ae0b81ee",
    ),
    "oscore id": (lambda: derive.oscore_sender_id(derive.oscore_key(ROOT), "d1").hex(), "caa08740ad8ae3"),
}


@pytest.mark.parametrize(("derived", "expected"), FROZEN.values(), ids=FROZEN)
def test_values_are_frozen(derived: Callable[[], str], expected: str) -> None:
    assert derived() == expected


def test_encoding_is_as_documented() -> None:
    fields = ("edge-stack.io/derive/v1", "device-password", "pump-ü", "7")
    message = b"".join(struct.pack(">I", len(field.encode())) + field.encode() for field in fields)
    digest = hmac.digest(ROOT, message, hashlib.sha256)
    expected = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert derive.device_password(ROOT, "pump-ü", 7) == expected


def test_passwords_are_256_bits_in_43_characters() -> None:
    password = derive.device_password(ROOT, "d1", 0)
    assert len(password) == 43
    assert len(base64.urlsafe_b64decode(password + "=")) == 32


def test_every_purpose_and_root_has_its_own_value() -> None:
    values = [
        make
        for root in (ROOT, OTHER)
        for make in (
            derive.component_password(root, "a"),
            derive.client_password(root, "a"),
            derive.device_password(root, "a", 0),
            derive.device_password(root, "a", 1),
            derive.device_password(root, "a0", 0),
            derive.api_token(root),
            derive.cloud_token(root),
        )
    ]
    assert len(set(values)) == len(values)


PARTS = st.tuples(st.text(max_size=4), st.text(max_size=4))


@given(one=PARTS, other=PARTS)
def test_parts_cannot_be_shifted(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert (derive.salt(ROOT, *one) == derive.salt(ROOT, *other)) == (one == other)


def test_salt_has_the_length_that_mosquitto_takes() -> None:
    assert len(derive.salt(ROOT, "u", "p")) == 12
    assert derive.salt(ROOT, "u", "p") != derive.salt(ROOT, "u", "q")


@pytest.mark.parametrize("root", [b"", b"short", bytes(31)])
def test_a_weak_root_is_refused(root: bytes) -> None:
    with pytest.raises(ValueError, match="needs 32"):
        derive.api_token(root)
