"""The two packets of an MQTT 5 login: CONNECT is encoded, CONNACK decoded. Pure."""

from dataclasses import dataclass

CONNACK = 0x20
_FLAGS = 0xC2
"""Username, password, clean start."""

_LEVEL_MQTT_5 = 5
_MAX_STRING_BYTES = 0xFFFF
_MIN_CONNACK_BYTES = 2
GRANTED = 0x00
REFUSED = frozenset({0x86, 0x87, 0x84, 0x85, 0x8C, 0x8A})
"""Bad username or password, not authorised, unsupported version, client id not valid, bad method, banned."""

DISCONNECT = bytes((0xE0, 0x00))


@dataclass(frozen=True, slots=True)
class Connack:
    """A broker's answer to CONNECT."""

    reason: int

    @property
    def granted(self) -> bool:
        """Whether the broker accepted the login."""
        return self.reason == GRANTED

    @property
    def refused(self) -> bool:
        """Whether the broker rejected the login; if neither granted nor refused, it did not check it."""
        return self.reason in REFUSED


def connect_packet(client_id: str, username: str, password: str, keepalive: int) -> bytes:
    """Return an MQTT 5 CONNECT with clean start and no will.

    Args:
        client_id: of the session.
        username: login name.
        password: its password.
        keepalive: seconds of silence after which the broker may close the connection.

    Raises:
        ValueError: a field is longer than MQTT allows.
    """
    variable = _text("MQTT") + bytes((_LEVEL_MQTT_5, _FLAGS)) + keepalive.to_bytes(2, "big") + b"\0"
    body = variable + _text(client_id) + _text(username) + _text(password)
    return bytes((0x10,)) + _length(len(body)) + body


def parse_connack(fixed: bytes, body: bytes) -> Connack:
    """Decode a CONNACK.

    Args:
        fixed: the first byte.
        body: the bytes after the remaining length.

    Raises:
        ValueError: it is no CONNACK.
    """
    if fixed != bytes((CONNACK,)) or len(body) < _MIN_CONNACK_BYTES:
        raise ValueError("the broker did not answer CONNECT with CONNACK")
    return Connack(body[1])


def _text(text: str) -> bytes:
    data = text.encode()
    if len(data) > _MAX_STRING_BYTES or "\0" in text:
        raise ValueError("an MQTT string has at most 65535 bytes and no NUL")
    return len(data).to_bytes(2, "big") + data


def _length(number: int) -> bytes:
    encoded = bytearray()
    while True:
        number, digit = divmod(number, 128)
        encoded.append(digit | (0x80 if number else 0))
        if not number:
            return bytes(encoded)
