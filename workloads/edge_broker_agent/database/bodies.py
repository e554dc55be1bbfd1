"""The bodies of the chunks of Mosquitto's database, by kind: what each must contain."""

import struct
from collections.abc import Callable, Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any, BinaryIO

from edge_broker_agent.database.damage import DamagedError
from edge_broker_agent.database.properties import refuse_invalid

MAX_STRINGS_BYTES = 3 * 0xFFFF + 64
MAX_PROPERTIES_BYTES = 1 << 20
"""Larger ones do not fit into a packet that the rendered configuration permits."""

_CLIENT = {5: struct.Struct("> 14x H"), 6: struct.Struct("> 14x H 2x H 4x")}
_QUEUED = struct.Struct("> Q 2x H B B B B")
_MESSAGE = struct.Struct("> Q 8x I 2x H H H 2x B B")
_SUBSCRIPTION = struct.Struct("> 4x H H B 3x")
_CONFIG = struct.Struct("> 8x x B 6x")
_ID = struct.Struct("> Q")
"""An id has the byte order of the machine; it is only compared with others."""

_MAX_QOS, _MAX_STATE, _MAX_RETAIN_DUP = 2, 11, 0x1F


class Kind(bytes, Enum):
    """Kinds of chunks, as the file has them; also bytes, so that a lookup is fast."""

    CONFIG = b"\0\0\0\1"
    MESSAGE = b"\0\0\0\2"
    QUEUED = b"\0\0\0\3"
    RETAINED = b"\0\0\0\4"
    SUBSCRIPTION = b"\0\0\0\5"
    SESSION = b"\0\0\0\6"


Content = tuple[int, bytes, bytes]
"""Id of the message, client id and topic of a chunk: 0 or empty if it has none."""


def _message(file: BinaryIO, length: int, _version_number: int) -> Content:
    message, payload, client, username, topic, qos, retain = _fixed(_MESSAGE, file.read(_MESSAGE.size), length)
    properties = length - _MESSAGE.size - payload - client - username - topic
    if properties < 0 or properties > MAX_PROPERTIES_BYTES:
        raise DamagedError("a message of which the parts do not have its length")
    if topic == 0 or qos > _MAX_QOS or retain > 1:
        raise DamagedError("a message without a topic, or with an invalid QoS or retain flag")
    texts = file.read(client + username + topic)
    _refuse_no_text(texts)
    file.seek(payload, 1)
    if properties:
        refuse_invalid(file.read(properties))
    return message, b"", b""


def _queued(file: BinaryIO, length: int, _version_number: int) -> Content:
    body = _body(file, length)
    message, client, qos, state, retain_dup, direction = _fixed(_QUEUED, body, length)
    if qos > _MAX_QOS or state > _MAX_STATE or direction > 1 or retain_dup > _MAX_RETAIN_DUP:
        raise DamagedError("a queued message with invalid flags")
    properties = body[_QUEUED.size + client :]
    if properties:
        refuse_invalid(properties)
    return message, _text(body, _QUEUED.size, client), b""


def _session(file: BinaryIO, length: int, version_number: int) -> Content:
    body, shape = _body(file, length), _CLIENT[version_number]
    client, *username = _fixed(shape, body, length)
    if client == 0 or shape.size + client + sum(username) != length:
        raise DamagedError("a session of which the parts do not have its length")
    _refuse_no_text(body[shape.size : shape.size + client + sum(username)])
    return 0, body[shape.size : shape.size + client], b""


def _subscription(file: BinaryIO, length: int, _version_number: int) -> Content:
    body = _body(file, length)
    client, topic, qos = _fixed(_SUBSCRIPTION, body, length)
    if not client or not topic or _SUBSCRIPTION.size + client + topic != length or qos > _MAX_QOS:
        raise DamagedError("a subscription of which the parts do not have its length, or with an invalid QoS")
    return 0, _text(body, _SUBSCRIPTION.size, client), _text(body, _SUBSCRIPTION.size + client, topic)


def _retained(file: BinaryIO, length: int, _version_number: int) -> Content:
    if length != _ID.size:
        raise DamagedError("a retained message that is not the id of one")
    (message,) = _ID.unpack(file.read(_ID.size))
    return message, b"", b""


def _config(file: BinaryIO, length: int, _version_number: int) -> Content:
    (id_bytes,) = _fixed(_CONFIG, _body(file, length), length)
    if length != _CONFIG.size or id_bytes != _ID.size:
        raise DamagedError("a configuration of another size")
    return 0, b"", b""


READERS: Mapping[bytes, tuple[Kind, Callable[[BinaryIO, int, int], Content]]] = MappingProxyType(
    {
        Kind.CONFIG: (Kind.CONFIG, _config),
        Kind.MESSAGE: (Kind.MESSAGE, _message),
        Kind.QUEUED: (Kind.QUEUED, _queued),
        Kind.RETAINED: (Kind.RETAINED, _retained),
        Kind.SUBSCRIPTION: (Kind.SUBSCRIPTION, _subscription),
        Kind.SESSION: (Kind.SESSION, _session),
    }
)
"""By kind. Each reads the body of a chunk from the file, its length in bytes and the version of the format."""


def _body(file: BinaryIO, length: int) -> bytes:
    if length > MAX_STRINGS_BYTES:
        raise DamagedError("a chunk that is longer than one of its kind can be")
    return file.read(length)


def _fixed(shape: struct.Struct, body: bytes, length: int) -> tuple[Any, ...]:
    if length < shape.size or len(body) < shape.size:
        raise DamagedError("a chunk that is shorter than one of its kind")
    return shape.unpack_from(body)


def _text(body: bytes, start: int, length: int) -> bytes:
    text = body[start : start + length]
    if len(text) < length:
        raise DamagedError("a chunk that is shorter than its parts")
    _refuse_no_text(text)
    return text


def _refuse_no_text(text: bytes) -> None:
    """Check that ids, names and topics are text, as MQTT requires."""
    try:
        valid = b"\x00" not in text and text.decode()
    except UnicodeDecodeError:
        valid = False
    if not valid:
        raise DamagedError("an id, a name or a topic that is not text")
