"""Secrets of a site from its root key: the same root always gives the same passwords.

This derivation must never change, because a change would change every password (devices store theirs):

    HMAC-SHA256(root, field(PROTOCOL) || field(purpose) || field(part) ...)
    field(text) = length of the UTF-8 bytes as 4 bytes, big endian || the bytes

The length before each field makes the message unambiguous, the purpose separates the domains: no two different
calls can give the same message. Passwords are the 32 bytes in URL-safe base64 without padding (43 characters).
"""

import base64
import hashlib
import hmac

PROTOCOL = "edge-stack.io/derive/v1"
ROOT_BYTES = 32
"""Length of a new root key; a shorter one is refused."""

SALT_BYTES = 12
"""Mosquitto takes salts of exactly 12 or 64 bytes."""

OSCORE_SECRET_BYTES = 16
"""As long as the keys of AES-CCM-16-64-128."""

OSCORE_ID_BYTES = 7
"""The most that AES-CCM-16-64-128 leaves room for: its nonce of 13 bytes less 6."""


def component_password(root: bytes, username: str) -> str:
    """Return the broker password of a component, such as `~gateway`."""
    return _text(_derive(root, "component-password", username))


def client_password(root: bytes, name: str) -> str:
    """Return the broker password of a client of `broker.managed.clients`."""
    return _text(_derive(root, "client-password", name))


def device_password(root: bytes, device_id: str, rotation: int) -> str:
    """Return the broker password of a device in its given rotation."""
    return _text(_derive(root, "device-password", device_id, str(rotation)))


def api_token(root: bytes, rotation: int = 0) -> str:
    """Return the bearer token of the gateway's HTTP interface in its given rotation."""
    return _text(_derive(root, "api-token", *([str(rotation)] if rotation else [])))


def named_token(root: bytes, name: str, rotation: int) -> str:
    """Return a token of `gateway.apiTokens` in its given rotation."""
    return _text(_derive(root, "named-api-token", name, str(rotation)))


def cloud_token(root: bytes) -> str:
    """Return the bearer token with which the cloud's commands reach the gateway."""
    return _text(_derive(root, "cloud-token"))


def salt(root: bytes, username: str, password: str) -> bytes:
    """Return the salt of a login's line in the password file; it changes with the password."""
    return _derive(root, "password-salt", username, password)[:SALT_BYTES]


def certificate_material(root: bytes, *parts: str) -> bytes:
    """Return 64 bytes for a key or a serial number of a certificate."""
    return _derive(root, "certificate", *parts, "1") + _derive(root, "certificate", *parts, "2")


def oscore_key(root: bytes) -> bytes:
    """Return the key of a site from which the keys of its devices' OSCORE contexts are derived."""
    return _derive(root, "oscore-key")


def oscore_secret(key: bytes, device_id: str, rotation: int) -> bytes:
    """Return the OSCORE master secret (RFC 8613, 3.2.1) of a device in its given rotation.

    Args:
        key: `oscore_key` of its site.
        device_id: the device.
        rotation: raised for another secret.
    """
    return _derive(key, "oscore-secret", device_id, str(rotation))[:OSCORE_SECRET_BYTES]


def oscore_sender_id(key: bytes, device_id: str) -> bytes:
    """Return the OSCORE sender identifier of a device: names may be longer than one can be (RFC 8613, 3.3)."""
    return _derive(key, "oscore-sender-id", device_id)[:OSCORE_ID_BYTES]


def _derive(root: bytes, purpose: str, *parts: str) -> bytes:
    if len(root) < ROOT_BYTES:
        raise ValueError(f"the root key has {len(root)} bytes and needs {ROOT_BYTES}: passwords could be guessed")
    message = b"".join(_field(text) for text in (PROTOCOL, purpose, *parts))
    return hmac.new(root, message, hashlib.sha256).digest()


def _field(text: str) -> bytes:
    data = text.encode()
    return len(data).to_bytes(4, "big") + data


def _text(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
