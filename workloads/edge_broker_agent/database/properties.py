"""The MQTT properties of a stored message: if they are invalid, Mosquitto does not start with the database."""

import re
from dataclasses import dataclass
from types import MappingProxyType

from edge_broker_agent.database.damage import DamagedError

_VARINT_BYTES = 4
_MORE = 0x80
"""The bit that says that another byte of the number follows."""

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ufdd0-\ufdef]|[\ufffe\uffff]")
"""Characters that Mosquitto does not accept in a text."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """How the value of a property is encoded: a number of `number_bytes`, 0 for a varint, or `strings` strings."""

    number_bytes: int = 0
    strings: int = 0
    text: bool = True


_USER, _RESPONSE_TOPIC, _FORMAT, _ALIAS = 38, 8, 1, 35
_SHAPES = MappingProxyType(
    {
        _FORMAT: _Shape(number_bytes=1),
        2: _Shape(number_bytes=4),  # message expiry interval
        3: _Shape(strings=1),  # content type
        _RESPONSE_TOPIC: _Shape(strings=1),
        9: _Shape(strings=1, text=False),  # correlation data
        11: _Shape(),  # subscription identifier
        _ALIAS: _Shape(number_bytes=2),
        _USER: _Shape(strings=2),
    }
)
"""The properties that a PUBLISH may have, by identifier."""


def refuse_invalid(encoded: bytes) -> None:
    """Check that `encoded` is a length and as many bytes of properties, each of them valid.

    Raises:
        DamagedError: they are invalid.
    """
    length, position = _varint(encoded, 0)
    if position + length != len(encoded):
        raise DamagedError("properties of another length")
    seen: set[int] = set()
    while position < len(encoded):
        identifier, position = _varint(encoded, position)
        shape = _SHAPES.get(identifier)
        if shape is None or (identifier in seen and identifier != _USER):
            raise DamagedError("a property that a message cannot have, or has twice")
        seen.add(identifier)
        position = _after_value(encoded, position, identifier, shape)


def _after_value(encoded: bytes, position: int, identifier: int, shape: _Shape) -> int:
    """Check a value and return the position behind it."""
    for _ in range(shape.strings):
        value, position = _string(encoded, position)
        if shape.text and not _is_text(value):
            raise DamagedError("a property that is not text")
        if identifier == _RESPONSE_TOPIC and (not value or b"+" in value or b"#" in value):
            raise DamagedError("a response topic that is not a topic")
    if shape.strings:
        return position
    if not shape.number_bytes:
        return _varint(encoded, position)[1]
    end = position + shape.number_bytes
    number = int.from_bytes(encoded[position:end], "big")
    if end > len(encoded) or (identifier == _FORMAT and number > 1) or (identifier == _ALIAS and not number):
        raise DamagedError("a property with a number that is not permitted")
    return end


def _string(encoded: bytes, position: int) -> tuple[bytes, int]:
    start = position + 2
    end = start + int.from_bytes(encoded[position:start], "big")
    if end > len(encoded):
        raise DamagedError("a property that is longer than all of them")
    return encoded[start:end], end


def _is_text(value: bytes) -> bool:
    try:
        return _CONTROL.search(value.decode()) is None
    except UnicodeDecodeError:
        return False


def _varint(encoded: bytes, position: int) -> tuple[int, int]:
    """Return the variable byte integer at `position`, and the position behind it."""
    value = 0
    for index, byte in enumerate(encoded[position : position + _VARINT_BYTES]):
        value |= (byte & ~_MORE) << 7 * index
        if byte < _MORE and (byte or not index):
            return value, position + index + 1
    raise DamagedError("a number in the properties that does not end, or is longer than it has to be")
